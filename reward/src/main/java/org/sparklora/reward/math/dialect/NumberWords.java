package org.sparklora.reward.math.dialect;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/** Numbers in English words: whole numbers, fractions, and mixed numbers such as two and a half. */
final class NumberWords {
  private static final String[] ONES =
      "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
          .split(" ");
  private static final String[] TENS =
      "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

  /** The numbers below a hundred, each at its own index. */
  private static final List<String> NUMBERS =
      IntStream.range(0, 100).mapToObj(NumberWords::inWords).toList();

  /** Words with their values, the largest first, as each is applied to all words before it. */
  private static final List<String> SCALES =
      List.of(
          "trillion 1000000000000",
          "billion 1000000000",
          "million 1000000",
          "thousand 1000",
          "hundred 100",
          "dozen 12");

  /** The parts of a whole, from a half at index 2 to a twelfth, and three more. */
  private static final List<String> PARTS =
      List.of(
          "- - half third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
              .split(" "));

  private static final int LONGEST = 200;

  private NumberWords() {}

  /** The LaTeX of a number in words; empty for any other words. */
  static Optional<String> latex(String words) {
    if (words.length() > LONGEST) {
      return Optional.empty();
    }
    String text = words.replace('-', ' ').replaceAll("(?<=^|and )an? ", "one ").strip();
    int joint = text.lastIndexOf(" and ");
    Optional<String> fraction = fraction(text.substring(joint < 0 ? 0 : joint + 5));
    if (fraction.isPresent() && joint > 0) {
      OptionalLong whole = whole(text.substring(0, joint));
      return whole.isPresent()
          ? Optional.of("(" + whole.getAsLong() + "+" + fraction.get() + ")")
          : Optional.empty();
    }
    OptionalLong whole = whole(text);
    return whole.isPresent() ? Optional.of(String.valueOf(whole.getAsLong())) : fraction;
  }

  /** {@code three fourths}; one has a singular, so that "twenty third" is no fraction. */
  private static Optional<String> fraction(String text) {
    int space = text.lastIndexOf(' ');
    if (space < 0) {
      return text.equals("half") ? Optional.of("\\frac{1}{2}") : Optional.empty();
    }
    OptionalLong above = whole(text.substring(0, space));
    String part = text.substring(space + 1);
    boolean one = above.isPresent() && above.getAsLong() == 1;
    if (above.isEmpty() || one == part.endsWith("s")) {
      return Optional.empty();
    }
    String name = part.replaceFirst("s$", "").replace("halve", "half");
    int below =
        switch (name) {
          case "quarter" -> 4;
          case "twentieth" -> 20;
          case "hundredth" -> 100;
          case "thousandth" -> 1000;
          default -> PARTS.indexOf(name);
        };
    return below < 2
        ? Optional.empty()
        : Optional.of("\\frac{%s}{%s}".formatted(above.getAsLong(), below));
  }

  private static OptionalLong whole(String text) {
    List<String> words = Arrays.asList(text.split(" ", -1));
    for (String scale : SCALES) {
      String[] power = scale.split(" ");
      int at = words.indexOf(power[0]);
      if (at >= 0) {
        long size = Long.parseLong(power[1]);
        OptionalLong factor = whole(String.join(" ", words.subList(0, at)));
        List<String> rest = words.subList(at + 1, words.size());
        boolean and = rest.size() > 1 && rest.get(0).equals("and");
        OptionalLong more = whole(String.join(" ", and ? rest.subList(1, rest.size()) : rest));
        boolean fits = factor.isPresent() && factor.getAsLong() > 0 && factor.getAsLong() < 1000;
        boolean ends = rest.isEmpty() || more.isPresent() && more.getAsLong() < size && size != 12;
        return fits && ends
            ? OptionalLong.of(factor.getAsLong() * size + more.orElse(0))
            : OptionalLong.empty();
      }
    }
    int number = NUMBERS.indexOf(text);
    return number < 0 ? OptionalLong.empty() : OptionalLong.of(number);
  }

  private static String inWords(int number) {
    if (number < ONES.length) {
      return ONES[number];
    }
    String tens = TENS[number / 10 - 2];
    return number % 10 == 0 ? tens : tens + " " + ONES[number % 10];
  }
}
