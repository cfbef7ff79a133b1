package org.sparklora.reward.math.dialect;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Sets and points with names, such as {@code A=\{1\}, B=\{2\}} and {@code A\cap B=[1,2)}, and sets
 * by a rule, such as {@code \{2k : k\in\{0,1\}\}}.
 */
final class NamedSets {
  private static final Pattern NAME =
      Pattern.compile(
          "(?<![^\\s,;])([A-Z](?:\\s*\\\\(?:cap|cup|setminus)\\s*[A-Z])*)\\s*="
              + "(?=\\s*(?:\\\\\\{|\\\\emptyset|[(\\[][^()\\[\\]]*,))");

  /** The values of a term for some numbers. */
  private static final Pattern OF_NUMBERS =
      Pattern.compile(
          "\\\\\\{((?:[^{}|:\\\\]|\\\\(?!mid)|\\{[^{}|:]*+\\})++)(?:\\\\mid|[|:])\\s?([a-z])\\s?\\\\in\\s?\\\\\\{([^{}]*)\\\\\\}\\s?\\\\\\}");

  /** A letter of a set or of its terms, and the bounds of its whole numbers. */
  private static final Pattern BETWEEN =
      Pattern.compile(
          "(?:\\\\\\{|\\\\mid|[|:])\\s?([a-z])\\s?\\\\in\\s?\\\\mathbb\\{([NZ])\\}(?:[\\s,|:]|\\\\(?:[, ]|mid))++(-?[0-9]{1,3})\\s?(<|\\\\leq?(?![a-z]))\\s?\\1\\s?(<|\\\\leq?(?![a-z]))\\s?(-?[0-9]{1,3})\\s?\\\\\\}$");

  private static final Pattern POINT =
      Pattern.compile("(?<![^\\s,;])([A-Z])\\s?(?=\\([^(),]++,[^()]++\\))");

  /** Larger sets are not listed. */
  private static final int MOST = 60;

  private NamedSets() {}

  /** The elements of a small set of whole numbers by a rule, or the text itself. */
  static String listed(String latex) {
    Matcher between = BETWEEN.matcher(latex);
    Optional<String> list = between.find() ? numbers(between) : Optional.empty();
    if (list.isPresent() && between.start() == 0) {
      return list.get();
    }
    String terms = latex.substring(0, list.isPresent() ? latex.lastIndexOf("\\mathbb") : 0);
    Matcher rule = OF_NUMBERS.matcher(list.map(all -> terms + all + "\\}").orElse(latex));
    String[] numbers = rule.matches() ? rule.group(3).split(",") : new String[0];
    return numbers.length > 0 && numbers.length < MOST
        ? Stream.of(numbers)
            .map(n -> StatedConstants.replaced(rule.group(1), rule.group(2), "(" + n.strip() + ")"))
            .collect(Collectors.joining(",", "\\{", "\\}"))
        : latex;
  }

  private static Optional<String> numbers(Matcher bounds) {
    int from = Integer.parseInt(bounds.group(3)) + (bounds.group(4).equals("<") ? 1 : 0);
    int to = Integer.parseInt(bounds.group(6)) - (bounds.group(5).equals("<") ? 1 : 0);
    boolean known = bounds.group(2).equals("Z") || from > 0;
    return Optional.of(IntStream.rangeClosed(from, to))
        .filter(range -> known && from <= to && to - from < MOST)
        .map(range -> range.mapToObj(Integer::toString))
        .map(all -> all.collect(Collectors.joining(",", "\\{", "\\}")));
  }

  /** The answer with the letter of the solution for the elements of its set. */
  static String withLetterOf(String gold, String answer) {
    Matcher a = SoundText.BUILDER.matcher(SoundLatex.of(gold));
    String text = SoundLatex.of(answer);
    Matcher b = SoundText.BUILDER.matcher(text);
    return a.matches() && b.matches() && !StatedConstants.has(text, a.group(1))
        ? StatedConstants.replaced(text, b.group(1), a.group(1))
        : answer;
  }

  /** Compares set by set; empty if the solution has no such sets. A single name may be missing. */
  static Optional<Boolean> same(String gold, String answer, BiPredicate<String, String> equal) {
    Map<String, String> written = of(answer);
    Map<String, String> sets = of(written.size() > 1 ? withSigns(gold) : gold);
    boolean single = sets.size() == 1;
    if (sets.isEmpty() || single && sets.keySet().iterator().next().length() == 1) {
      return Optional.empty(); // the parser knows A = {1}
    }
    Map<String, String> given = written.isEmpty() && !single ? of(withSigns(answer)) : written;
    return Optional.of(
        given.isEmpty()
            ? single && !answer.contains("=") && equal.test(sets.values().iterator().next(), answer)
            : given.keySet().equals(sets.keySet())
                && sets.keySet().stream().allMatch(n -> equal.test(sets.get(n), given.get(n))));
  }

  /** The text with A=(1,2) in place of A(1,2). */
  private static String withSigns(String points) {
    return POINT.matcher(SoundLatex.of(points)).replaceAll("$1=");
  }

  private static Map<String, String> of(String answer) {
    String text = answer.matches("(?s)\\s*[A-Z][^=]*=.*") ? SoundLatex.of(answer) : "";
    List<MatchResult> names = NAME.matcher(text).results().toList();
    Map<String, String> sets = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      int end = i + 1 < names.size() ? names.get(i + 1).start() : text.length();
      String set = SoundLatex.trimmed(text.substring(names.get(i).end(), end));
      set = set.replaceFirst(",?\\s?\\\\text\\{\\s?and\\s?\\}$", "");
      sets.put(names.get(i).group(1).replaceAll("\\s", ""), set);
    }
    boolean whole = !names.isEmpty() && names.get(0).start() == 0 && sets.size() == names.size();
    return whole ? sets : Map.of();
  }
}
