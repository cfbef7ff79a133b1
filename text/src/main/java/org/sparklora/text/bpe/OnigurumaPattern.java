package org.sparklora.text.bpe;

import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Translates the regular expressions of tokenizer.json, written for Oniguruma in its Ruby syntax,
 * into Java's. What differs: {@code \s \w \d} are Unicode's, {@code \h} is a hexadecimal digit,
 * classes know Unicode 16, {@code ^ $} match at every line, {@code (?m)} lets the dot match a line
 * break, {@code {n,m}+} is no possessive quantifier.
 */
final class OnigurumaPattern {
  private static final Map<String, String> POSIX_CLASSES =
      Map.of(
          "alpha", "\\p{IsAlphabetic}",
          "digit", "\\p{Nd}",
          "alnum", "\\p{IsAlphabetic}\\p{Nd}",
          "space", "\\p{IsWhite_Space}",
          "upper", "\\p{IsUppercase}",
          "lower", "\\p{IsLowercase}",
          "punct", "\\p{P}\\p{S}",
          "xdigit", "0-9A-Fa-f");

  private final String source;
  private final StringBuilder target = new StringBuilder();
  private int at;
  private int classDepth;

  private OnigurumaPattern(String source) {
    this.source = source;
  }

  /**
   * @throws IllegalArgumentException when the expression uses what Java cannot express; names it
   */
  static Pattern compile(String source) {
    String translated = new OnigurumaPattern(source).translate();
    try {
      return Pattern.compile(
          translated, Pattern.UNICODE_CHARACTER_CLASS | Pattern.MULTILINE | Pattern.UNIX_LINES);
    } catch (PatternSyntaxException e) {
      throw unsupported(source, "Java's regular expressions refuse it: " + e.getDescription());
    }
  }

  private String translate() {
    while (at < source.length()) {
      char c = source.charAt(at);
      if (c == '\\' && at + 1 < source.length()) {
        escape();
      } else if (c == '[') {
        openBracket();
      } else {
        plain(c);
      }
    }
    return target.toString();
  }

  private void plain(char c) {
    if (classDepth > 0) {
      classDepth -= c == ']' ? 1 : 0;
    } else if (source.startsWith("(?", at)) {
      groupFlags();
      return;
    } else if (c == '}' && source.startsWith("}+", at)) {
      throw unsupported(
          source, "a + after {n,m} repeats in Ruby's syntax and is possessive in Java's");
    }
    target.append(c);
    at++;
  }

  private void openBracket() {
    int end = source.indexOf(":]", at);
    if (classDepth > 0 && source.startsWith("[:", at) && end > 0) {
      String name = source.substring(at + 2, end);
      boolean negated = name.startsWith("^");
      String items = POSIX_CLASSES.get(negated ? name.substring(1) : name);
      if (items == null) {
        throw unsupported(source, "unknown class [:" + name + ":]");
      }
      target.append(negated ? "[^" : "[").append(items).append(']');
      at = end + 2;
      return;
    }
    classDepth++;
    target.append('[');
    at++;
    if (source.startsWith("^", at)) {
      target.append('^');
      at++;
    }
  }

  /** Copies {@code (?flags)} and {@code (?flags:}, Ruby's m being Java's s. */
  private void groupFlags() {
    int end = at + 2;
    while (end < source.length() && "imx-".indexOf(source.charAt(end)) >= 0) {
      end++;
    }
    boolean flags = end < source.length() && end > at + 2 && ":)".indexOf(source.charAt(end)) >= 0;
    target.append("(?");
    if (flags) {
      target.append(source.substring(at + 2, end).replace('m', 's'));
    }
    at = flags ? end : at + 2;
  }

  private void escape() {
    char c = source.charAt(at + 1);
    switch (c) {
      case 's' -> put("\\p{IsWhite_Space}", 2);
      case 'S' -> put("\\P{IsWhite_Space}", 2);
      case 'd' -> put("[" + digitItems() + "]", 2);
      case 'D' -> put("[^" + digitItems() + "]", 2);
      case 'w' -> put("[" + wordItems() + "]", 2);
      case 'W' -> put("[^" + wordItems() + "]", 2);
      case 'h' -> put("[0-9A-Fa-f]", 2);
      case 'H' -> put("[^0-9A-Fa-f]", 2);
      case 'p', 'P' -> property(c == 'P');
      default -> put(source.substring(at, at + 2), 2);
    }
  }

  private void property(boolean negated) {
    int end = source.indexOf('}', at);
    if (!source.startsWith("{", at + 2) || end < 0) {
      throw unsupported(source, "\\p without {name}");
    }
    String name = source.substring(at + 3, end);
    if (name.startsWith("^")) {
      negated = !negated;
      name = name.substring(1);
    }
    // One- and two-letter names are general categories, the longer ones scripts or binary
    // properties.
    String java = name.length() <= 2 ? name : name.equals("Letter") ? "L" : "Is" + name;
    String more = UnicodeClasses.rangesAfter13(java);
    if (more.isEmpty()) {
      put((negated ? "\\P{" : "\\p{") + java + "}", end + 1 - at);
    } else if (classDepth > 0 && !negated) {
      put("\\p{" + java + "}" + more, end + 1 - at);
    } else {
      put((negated ? "[^" : "[") + "\\p{" + java + "}" + more + "]", end + 1 - at);
    }
  }

  private static String digitItems() {
    return "\\p{Nd}" + UnicodeClasses.rangesAfter13("Nd");
  }

  private static String wordItems() {
    return "\\p{IsAlphabetic}\\p{M}\\p{N}\\p{Pc}"
        + UnicodeClasses.rangesAfter13("L")
        + UnicodeClasses.rangesAfter13("M")
        + UnicodeClasses.rangesAfter13("N");
  }

  private void put(String translation, int consumed) {
    target.append(translation);
    at += consumed;
  }

  private static IllegalArgumentException unsupported(String source, String reason) {
    return new IllegalArgumentException(
        "Cannot use the regular expression %s: %s".formatted(source, reason));
  }
}
