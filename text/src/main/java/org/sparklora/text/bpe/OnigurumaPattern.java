package org.sparklora.text.bpe;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Translates the regular expressions of tokenizer.json, written for Oniguruma in its Ruby syntax,
 * into Java's. The differences: {@code \s \w \d} are Unicode's, {@code \h} is a hexadecimal digit,
 * classes know Unicode 16, {@code ^ $} match at every line, {@code (?m)} lets the dot match a line
 * break, {@code {n,m}+} is no possessive quantifier, {@code [[:name:]]} is refused.
 */
final class OnigurumaPattern {
  /** Matches constructs to translate or refuse, and the brackets of a class. */
  private static final Pattern TOKEN =
      Pattern.compile(
          "\\\\[pP]\\{(?<negated>\\^?)(?<property>[^}]*)}"
              + "|\\\\(?<escaped>[\\s\\S])"
              + "|\\[:\\^?\\w+:]"
              + "|\\[\\^?|]"
              + "|\\(\\?(?<flags>[imx-]+)(?=[:)])"
              + "|}\\+");

  private OnigurumaPattern() {}

  /**
   * @throws IllegalArgumentException if Java cannot express the expression; the message names the
   *     construct
   */
  static Pattern compile(String source) {
    StringBuilder target = new StringBuilder();
    Matcher token = TOKEN.matcher(source);
    int depth = 0; // of nested classes
    while (token.find()) {
      String text = token.group();
      if (text.startsWith("[:")) {
        throw unsupported(source, "a class " + text);
      } else if (text.startsWith("[")) {
        depth++;
      } else if (text.equals("]")) {
        depth = Math.max(0, depth - 1);
      } else if (text.equals("}+") && depth == 0) {
        throw unsupported(
            source, "a + after {n,m} repeats in Ruby's syntax and is possessive in Java's");
      }
      token.appendReplacement(target, Matcher.quoteReplacement(translated(token, source, depth)));
    }
    try {
      return Pattern.compile(
          token.appendTail(target).toString(),
          Pattern.UNICODE_CHARACTER_CLASS | Pattern.MULTILINE | Pattern.UNIX_LINES);
    } catch (PatternSyntaxException e) {
      throw unsupported(source, "Java's regular expressions refuse it: " + e.getDescription());
    }
  }

  /**
   * Finds the next match.
   *
   * @throws IllegalArgumentException if the matcher, which recurses, exhausts the thread's stack
   */
  static boolean find(Matcher matcher) {
    try {
      return matcher.find();
    } catch (StackOverflowError e) {
      throw new IllegalArgumentException(
          "Cannot search a text of %s characters for %s: the expression recurses too deeply; split the text or give the JVM a larger -Xss"
              .formatted(matcher.regionEnd(), matcher.pattern()),
          e);
    }
  }

  private static String translated(Matcher token, String source, int depth) {
    String text = token.group();
    if (token.group("property") != null) {
      boolean negated = text.startsWith("\\P") == token.group("negated").isEmpty();
      return property(token.group("property"), negated, depth > 0);
    }
    if (token.group("flags") != null && depth == 0) {
      return text.replace('m', 's');
    }
    if (token.group("escaped") == null) {
      return text;
    }
    return switch (token.group("escaped")) {
      case "s" -> "\\p{IsWhite_Space}";
      case "S" -> "\\P{IsWhite_Space}";
      case "d", "D" -> property("Nd", text.equals("\\D"), false);
      case "w" -> "[" + wordItems() + "]";
      case "W" -> "[^" + wordItems() + "]";
      case "h" -> "[0-9A-Fa-f]";
      case "H" -> "[^0-9A-Fa-f]";
      case "p", "P" -> throw unsupported(source, "\\p without {name}");
      default -> text;
    };
  }

  private static String property(String name, boolean negated, boolean inClass) {
    // One- and two-letter names are general categories, the longer ones scripts or binary
    // properties.
    String java = name.length() <= 2 ? name : name.equals("Letter") ? "L" : "Is" + name;
    String more = UnicodeClasses.rangesAfter13(java);
    if (more.isEmpty()) {
      return (negated ? "\\P{" : "\\p{") + java + "}";
    }
    String items = "\\p{" + java + "}" + more;
    return inClass && !negated ? items : (negated ? "[^" : "[") + items + "]";
  }

  private static String wordItems() {
    return "\\p{IsAlphabetic}\\p{M}\\p{N}\\p{Pc}"
        + UnicodeClasses.rangesAfter13("L")
        + UnicodeClasses.rangesAfter13("M")
        + UnicodeClasses.rangesAfter13("N");
  }

  private static IllegalArgumentException unsupported(String source, String reason) {
    return new IllegalArgumentException(
        "Cannot use the regular expression %s: %s".formatted(source, reason));
  }
}
