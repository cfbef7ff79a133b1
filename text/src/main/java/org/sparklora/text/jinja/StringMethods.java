package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/** The methods of Python's str. Positions a template sees are code points. */
final class StringMethods {
  private StringMethods() {}

  /** Python's notion of white space, which is Unicode's and the four separators. */
  static boolean isSpace(int point) {
    return switch (point) {
      case ' ', '\t', '\n', '\u000b', '\f', '\r', 0x1c, 0x1d, 0x1e, 0x1f, 0x85, 0xa0 -> true;
      default -> point > 0xff && (Character.isSpaceChar(point));
    };
  }

  /** The method {@code text.name}, if str has it and a sandboxed template may call it. */
  static Optional<Callable> find(String text, String name) {
    Callable method =
        switch (name) {
          case "strip" -> a -> strip(text, a.get(0, "chars", None.NONE));
          case "lstrip" -> a -> strip(text, a.get(0, "chars", None.NONE), true, false);
          case "rstrip" -> a -> strip(text, a.get(0, "chars", None.NONE), false, true);
          case "split" ->
              a -> split(text, a.get(0, "sep", None.NONE), a.integer(1, "maxsplit", -1));
          case "rsplit" ->
              a -> rsplit(text, a.get(0, "sep", None.NONE), a.integer(1, "maxsplit", -1));
          case "startswith" -> a -> anyOf(a, affix -> window(text, a).startsWith(affix));
          case "endswith" -> a -> anyOf(a, affix -> window(text, a).endsWith(affix));
          case "find" -> a -> find(text, a, false);
          case "rfind" -> a -> find(text, a, true);
          case "count" -> a -> count(window(text, a), a.string(0, "sub"));
          case "replace" ->
              a ->
                  replace(
                      text, a.string(0, "old"), a.string(1, "new"), a.integer(2, "count", -1), a);
          case "upper" -> a -> text.toUpperCase(Locale.ROOT);
          case "lower" -> a -> text.toLowerCase(Locale.ROOT);
          case "title" -> a -> title(text);
          case "capitalize" -> a -> capitalize(text);
          case "join" -> a -> join(text, a.iterate(a.get(0, "iterable")), a);
          case "format" -> a -> StringFormat.braces(text, a);
          case "isdigit", "isdecimal", "isnumeric" -> a -> all(text, Character::isDigit);
          case "isalpha" -> a -> all(text, Character::isLetter);
          case "isalnum" -> a -> all(text, Character::isLetterOrDigit);
          case "isascii" -> a -> text.chars().allMatch(c -> c < 0x80);
          case "isspace" -> a -> all(text, StringMethods::isSpace);
          case "isupper" -> a -> isUpper(text);
          case "islower" -> a -> isLower(text);
          default -> null;
        };
    if (method == null) {
      return Optional.empty();
    }
    return Optional.of(
        arguments -> {
          int longest = 0; // what is searched for, replaced or stripped
          for (Object argument : arguments.positional()) {
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
        });
  }

  /** Whether the text has letters with case and all of them are small. */
  static boolean isLower(String text) {
    return text.codePoints().anyMatch(Character::isLowerCase)
        && text.codePoints().noneMatch(p -> Character.isUpperCase(p) || Character.isTitleCase(p));
  }

  /** Whether the text has letters with case and all of them are capitals. */
  static boolean isUpper(String text) {
    return text.codePoints().anyMatch(Character::isUpperCase)
        && text.codePoints().noneMatch(p -> Character.isLowerCase(p) || Character.isTitleCase(p));
  }

  /** Both ends. */
  static String strip(String text, Object characters) {
    return strip(text, characters, true, true);
  }

  private static String strip(String text, Object characters, boolean left, boolean right) {
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
    List<Object> parts = new ArrayList<>();
    if (!(separator instanceof String mark)) {
      int at = 0;
      while (true) {
        while (at < text.length() && isSpace(text.charAt(at))) {
          at++;
        }
        if (at == text.length()) {
          return parts;
        }
        if (limit >= 0 && parts.size() == limit) {
          parts.add(strip(text.substring(at), None.NONE, false, true));
          return parts;
        }
        int end = at;
        while (end < text.length() && !isSpace(text.charAt(end))) {
          end++;
        }
        parts.add(text.substring(at, end));
        at = end;
      }
    }
    if (mark.isEmpty()) {
      throw new JinjaException("Cannot split at an empty separator");
    }
    int from = 0;
    for (int at = text.indexOf(mark);
        at >= 0 && (limit < 0 || parts.size() < limit);
        at = text.indexOf(mark, from)) {
      parts.add(text.substring(from, at));
      from = at + mark.length();
    }
    parts.add(text.substring(from));
    return parts;
  }

  /** The same from the end. */
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
    return arguments.get(0, "prefix") instanceof Tuple several
        ? several.stream().anyMatch(one -> one instanceof String text && matches.test(text))
        : matches.test(arguments.string(0, "prefix"));
  }

  /** The part of text that a start and an end argument leave. */
  private static String window(String text, Arguments arguments) {
    if (arguments.positional().size() < 2) {
      return text;
    }
    return (String)
        Values.slice(
            text,
            arguments.get(1, "start"),
            arguments.get(2, "end", None.NONE),
            None.NONE,
            arguments.budget());
  }

  private static long find(String text, Arguments arguments, boolean last) {
    String part = arguments.string(0, "sub");
    String window = window(text, arguments);
    int at = last ? window.lastIndexOf(part) : window.indexOf(part);
    long size = text.codePointCount(0, text.length());
    long start = arguments.integer(1, "start", 0);
    start = start < 0 ? Math.max(0, start + size) : Math.min(start, size);
    return at < 0 ? -1 : start + window.codePointCount(0, at);
  }

  private static long count(String text, String part) {
    if (part.isEmpty()) {
      return text.codePointCount(0, text.length()) + 1L;
    }
    long count = 0;
    for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
      count++;
    }
    return count;
  }

  static String replace(String text, String old, String fresh, int limit, Arguments arguments) {
    long hits = limit < 0 ? count(text, old) : Math.min(limit, count(text, old));
    arguments.budget().allocate(text.length() + hits * Math.max(0, fresh.length() - old.length()));
    StringBuilder out = new StringBuilder();
    int from = 0;
    for (long done = 0; done < hits; done++) {
      int at = old.isEmpty() ? from : text.indexOf(old, from);
      out.append(text, from, at).append(fresh);
      from = at + old.length();
      if (old.isEmpty() && from < text.length()) {
        int width = Character.charCount(text.codePointAt(from));
        out.append(text, from, from + width);
        from += width;
      }
    }
    return out.append(text, from, text.length()).toString();
  }

  static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean inWord = false;
    for (int point : text.codePoints().toArray()) {
      out.appendCodePoint(inWord ? Character.toLowerCase(point) : Character.toTitleCase(point));
      inWord = Character.isLetter(point);
    }
    return out.toString();
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    return Character.toString(Character.toTitleCase(first))
        + text.substring(Character.charCount(first)).toLowerCase(Locale.ROOT);
  }

  private static boolean all(String text, IntPredicate test) {
    return !text.isEmpty() && text.codePoints().allMatch(test);
  }

  static String join(String separator, List<Object> items, Arguments arguments) {
    StringBuilder out = new StringBuilder();
    String between = "";
    for (Object item : items) {
      if (!(item instanceof String text)) {
        throw new JinjaException("Cannot join %s into a string", Values.typeName(item));
      }
      arguments.budget().allocate((long) out.length() + between.length() + text.length());
      out.append(between).append(text);
      between = separator;
    }
    return out.toString();
  }

  static int compareCodePoints(String left, String right) {
    return Arrays.compare(left.codePoints().toArray(), right.codePoints().toArray());
  }

  /** Python's quoted form: single quotes unless the text has some and no double ones. */
  static void repr(String text, StringBuilder out) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    out.append(quote);
    text.codePoints()
        .forEach(
            point -> {
              switch (point) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\\' -> out.append("\\\\");
                default -> {
                  if (point == quote) {
                    out.append('\\').append(quote);
                  } else if (isPrintable(point)) {
                    out.appendCodePoint(point);
                  } else {
                    String format =
                        point < 0x100 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x";
                    out.append(format.formatted(point));
                  }
                }
              }
            });
    out.append(quote);
  }

  private static boolean isPrintable(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
              Character.FORMAT,
              Character.SURROGATE,
              Character.PRIVATE_USE,
              Character.UNASSIGNED,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> point == ' ';
      default -> true;
    };
  }
}
