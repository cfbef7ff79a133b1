package org.sparklora.reward.math.dialect;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

  private Angles() {}

  /** Both angles in radians without units, if one is in degrees and the other one in radians. */
  static Optional<List<String>> inRadians(String gold, String answer) {
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
