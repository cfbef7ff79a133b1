package org.sparklora.text.jinja.value;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The methods of Python's str. Templates see positions in code points. */
public final class StringMethods {
  private static final Pattern BLANKS = Pattern.compile("[\\t-\\r\\x1c-\\x1f\\x85\\p{Z}]+");

  /** Quotes, backslashes and what Python does not print; it knows emoji that Java does not. */
  private static final Pattern ESCAPED = Pattern.compile("[\\p{C}\\p{Z}\\\\'\"&&[^ \\p{Cn}]]");

  private StringMethods() {}

  /** Whether a character is white space in Python: Unicode's, and U+001C to U+001F. */
  public static boolean isSpace(int point) {
    return point >= '\t' && point <= '\r'
        || point >= 0x1c && point <= 0x1f
        || point == 0x85
        || Character.isSpaceChar(point);
  }

  /** The method {@code text.name}, if str has it and a sandboxed template may call it. */
  static Optional<Object> find(String text, String name) {
    Callable method =
        switch (name) {
          case "strip" -> a -> strip(text, a.get(0, "chars", None.NONE));
          case "lstrip" -> a -> strip(text, a.get(0, "chars", None.NONE), true, false);
          case "rstrip" -> a -> strip(text, a.get(0, "chars", None.NONE), false, true);
          case "split" ->
              a -> split(text, a.get(0, "sep", None.NONE), a.integer(1, "maxsplit", -1));
          case "rsplit" ->
              a -> rsplit(text, a.get(0, "sep", None.NONE), a.integer(1, "maxsplit", -1));
          case "startswith" -> a -> anyOf(a, text::startsWith);
          case "endswith" -> a -> anyOf(a, text::endsWith);
          case "find" -> a -> codePointIndex(text, text.indexOf(a.atMost(1).string(0, "sub")));
          case "rfind" -> a -> codePointIndex(text, text.lastIndexOf(a.atMost(1).string(0, "sub")));
          case "count" -> a -> count(text, a.atMost(1).string(0, "sub"));
          case "replace" ->
              a ->
                  replace(
                      text, a.string(0, "old"), a.string(1, "new"), a.integer(2, "count", -1), a);
          case "upper" -> a -> text.toUpperCase(Locale.ROOT);
          case "lower" -> a -> text.toLowerCase(Locale.ROOT);
          case "title" -> a -> title(text);
          case "capitalize" -> a -> capitalize(text);
          case "join" -> a -> join(text, a.iterate(a.get(0, "iterable")), a);
          default -> null;
        };
    if (method == null) {
      return Optional.empty();
    }
    Callable charged =
        arguments -> {
          int longest = 0; // text to search for, replace or strip
          List<Object> given = new ArrayList<>(arguments.positional());
          given.addAll(arguments.named().values());
          for (Object argument : given) {
            longest = argument instanceof String s ? Math.max(longest, s.length()) : longest;
          }
          arguments.budget().search(text.length(), longest);
          Object value = method.call(arguments);
          if (value instanceof String made) {
            arguments.budget().allocate(made.length());
          } else if (value instanceof List<?> made) {
            arguments.budget().items(made.size());
          }
          return value;
        };
    return Optional.of(charged);
  }

  public static String strip(String text, Object characters) {
    return strip(text, characters, true, true);
  }

  public static String strip(String text, Object characters, boolean left, boolean right) {
    IntPredicate strips =
        characters instanceof String set
            ? point -> set.indexOf(point) >= 0
            : StringMethods::isSpace;
    int from = 0;
    int to = text.length();
    while (left && from < to && strips.test(text.codePointAt(from))) {
      from += Character.charCount(text.codePointAt(from));
    }
    while (right && to > from && strips.test(text.codePointBefore(to))) {
      to -= Character.charCount(text.codePointBefore(to));
    }
    return text.substring(from, to);
  }

  private static List<Object> split(String text, Object separator, int limit) {
    int most = limit < 0 ? -1 : limit + 1;
    if (separator instanceof String mark) {
      return new ArrayList<>(List.of(text.split(Pattern.quote(notEmpty(mark)), most)));
    }
    List<Object> parts =
        new ArrayList<>(List.of(BLANKS.split(strip(text, None.NONE, true, limit < 0), most)));
    parts.removeIf(""::equals); // the empty rest after the last word
    return parts;
  }

  private static List<Object> rsplit(String text, Object separator, int limit) {
    Object mark = separator instanceof String given ? reversed(given) : separator;
    List<Object> parts = split(reversed(text), mark, limit);
    parts.replaceAll(part -> reversed((String) part));
    Collections.reverse(parts);
    return parts;
  }

  private static String reversed(String text) {
    return new StringBuilder(text).reverse().toString();
  }

  private static Object anyOf(Arguments arguments, Predicate<String> matches) {
    Predicate<Object> charged =
        one -> {
          arguments.budget().work(one instanceof String part ? part.length() : 0);
          return one instanceof String part && matches.test(part);
        };
    return arguments.atMost(1).get(0, "prefix") instanceof Tuple several
        ? several.stream().anyMatch(charged)
        : matches.test(arguments.string(0, "prefix"));
  }

  private static long codePointIndex(String text, int index) {
    return index < 0 ? -1 : text.codePointCount(0, index);
  }

  private static long count(String text, String part) {
    long count = 0;
    for (int at = text.indexOf(notEmpty(part)); at >= 0; at = text.indexOf(part, at)) {
      at += part.length();
      count++;
    }
    return count;
  }

  private static String notEmpty(String part) {
    if (part.isEmpty()) {
      throw new JinjaException("Cannot split at, count or replace an empty text");
    }
    return part;
  }

  static String replace(String text, String old, String fresh, int limit, Arguments arguments) {
    arguments.budget().search(text.length(), old.length());
    long hits = limit < 0 ? count(text, old) : Math.min(limit, count(text, old));
    arguments.budget().allocate(text.length() + hits * Math.max(0, fresh.length() - old.length()));
    StringBuilder out = new StringBuilder();
    int from = 0;
    for (long done = 0; done < hits; done++) {
      int at = text.indexOf(old, from);
      out.append(text, from, at).append(fresh);
      from = at + old.length();
    }
    return out.append(text, from, text.length()).toString();
  }

  private static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean inWord = false;
    for (int point : text.codePoints().toArray()) {
      out.appendCodePoint(inWord ? Character.toLowerCase(point) : Character.toTitleCase(point));
      inWord =
          Character.isUpperCase(point)
              || Character.isLowerCase(point)
              || Character.isTitleCase(point);
    }
    return out.toString();
  }

  private static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    return Character.toString(Character.toTitleCase(first))
        + text.substring(Character.charCount(first)).toLowerCase(Locale.ROOT);
  }

  /** The indentation of lines: the given text, or {@code width} blanks. */
  static String indent(Object width) {
    return width instanceof String text
        ? text
        : " ".repeat(Math.min(1000, Math.max(0, Values.asIndex(width))));
  }

  static String join(String separator, List<Object> items, Arguments arguments) {
    StringBuilder out = new StringBuilder();
    String between = "";
    for (Object item : items) {
      if (!(item instanceof String text)) {
        throw new JinjaException("Cannot join %s into a string", Values.typeName(item));
      }
      arguments.budget().bound((long) out.length() + between.length() + text.length());
      arguments.budget().allocate((long) between.length() + text.length());
      out.append(between).append(text);
      between = separator;
    }
    return out.toString();
  }

  static int compareCodePoints(String left, String right) {
    return Arrays.compare(left.codePoints().toArray(), right.codePoints().toArray());
  }

  /** Python's quoted form: single quotes unless the text has some and no double ones. */
  static String repr(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    return quote
        + ESCAPED.matcher(text).replaceAll(m -> Matcher.quoteReplacement(escape(m.group(), quote)))
        + quote;
  }

  private static String escape(String character, char quote) {
    int point = character.codePointAt(0);
    return switch (point) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\\' -> "\\\\";
      case '\'', '"' -> point == quote ? "\\" + character : character;
      default ->
          (point < 0x100 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(point);
    };
  }
}
