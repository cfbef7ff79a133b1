package org.sparklora.reward.math.dialect;

import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Angles in degrees and in radians: 45° is π/4 radians, and not 45 radians. */
final class Angles {
  private static final String NAME = "(?s)([^=<>]*=)?";
  private static final Pattern DEGREES =
      Pattern.compile(NAME + "(.*[0-9)}])\\s*\\^\\s*\\{?\\s*\\\\circ\\s*\\}?\\s*");
  private static final Pattern RADIANS =
      Pattern.compile(
          NAME
              + "(.*(?:[0-9)}]|\\\\pi))(?:\\\\[,; ]|[~\\s])*+"
              + "(?:\\\\(?:text|mathrm)\\{[~\\s]*|(?<=[~\\s]))rad(?:ian)?s?\\.?[~\\s]*\\}?");

  private static final Pattern DEGREE =
      Pattern.compile("\\^\\s*(?:\\{\\s*\\\\circ\\s*\\}|\\\\circ)");
  private static final Pattern NUMBER_OF_DEGREES =
      Pattern.compile("([0-9.]+|\\\\frac\\{[^{}]*\\}\\{[^{}]*\\})\\s*" + DEGREE.pattern());

  /** Functions of angles, which are values, and temperatures. */
  private static final Pattern NO_ANGLE =
      Pattern.compile("\\\\(?:sin|cos|tan|cot|sec|csc)(?![a-zA-Z])|\\\\text\\{ \\^\\\\circ");

  private Angles() {}

  /** Whether two angles are the same; empty unless both have units. */
  static Optional<Boolean> same(String gold, String answer, BiPredicate<String, String> same) {
    Optional<List<String>> angles = inRadians(gold, answer);
    if (angles.isPresent()) {
      return Optional.of(same.test(angles.get().get(0), angles.get().get(1)));
    }
    boolean bothInDegrees =
        Stream.of(gold, answer)
            .allMatch(angle -> hasDegrees(angle) && !NO_ANGLE.matcher(angle).find());
    if (!bothInDegrees) {
      return Optional.empty();
    }
    // Neither π/4 degrees nor 45 radians are 45°: both numbers are of degrees, or both of radians.
    if (same.test(withoutDegrees(gold), withoutDegrees(answer))) {
      return Optional.of(true);
    }
    String first = numbersInRadians(gold);
    String second = numbersInRadians(answer);
    return Optional.of(!hasDegrees(first) && !hasDegrees(second) && same.test(first, second));
  }

  static boolean hasDegrees(String latex) {
    return DEGREE.matcher(latex).find();
  }

  /** The text with 45° as 45π/180; degrees of other terms stay. */
  static String numbersInRadians(String latex) {
    return NUMBER_OF_DEGREES.matcher(latex).replaceAll("(($1)\\\\pi/180)");
  }

  static String withoutDegrees(String angle) {
    return DEGREE.matcher(angle).replaceAll("");
  }

  /** Both angles in radians without units, if one is in degrees and the other one in radians. */
  private static Optional<List<String>> inRadians(String gold, String answer) {
    Optional<String> degrees = fromDegrees(gold);
    Optional<String> radians = withoutUnit(answer);
    if (degrees.isPresent() && radians.isPresent()) {
      return Optional.of(List.of(degrees.get(), radians.get()));
    }
    degrees = fromDegrees(answer);
    radians = withoutUnit(gold);
    return degrees.isPresent() && radians.isPresent()
        ? Optional.of(List.of(radians.get(), degrees.get()))
        : Optional.empty();
  }

  private static Optional<String> fromDegrees(String latex) {
    Matcher degrees = DEGREES.matcher(latex);
    return degrees.matches()
        ? Optional.of(name(degrees) + "\\frac{(" + degrees.group(2) + ")\\pi}{180}")
        : Optional.empty();
  }

  private static Optional<String> withoutUnit(String latex) {
    Matcher radians = RADIANS.matcher(latex);
    return radians.matches() ? Optional.of(name(radians) + radians.group(2)) : Optional.empty();
  }

  private static String name(Matcher angle) {
    return Optional.ofNullable(angle.group(1)).orElse("");
  }
}
