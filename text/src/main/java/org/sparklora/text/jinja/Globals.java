package org.sparklora.text.jinja;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The functions every template has: Jinja2's, and those transformers adds. */
final class Globals {
  /** Jinja2's sandbox has the same bound. */
  private static final int MAX_RANGE = 100_000;

  private static final int MAX_DATE_FORMAT = 1000;

  private Globals() {}

  static Map<String, Object> of(Clock clock) {
    Map<String, Object> globals = new HashMap<>();
    globals.put("range", (Callable) Globals::range);
    globals.put("dict", (Callable) Globals::dict);
    globals.put("namespace", (Callable) Globals::namespace);
    globals.put(
        "raise_exception",
        (Callable)
            a -> {
              throw JinjaException.raised(ValueText.of(a.get(0, "message")));
            });
    globals.put("strftime_now", (Callable) a -> strftime(a.string(0, "format"), clock));
    return globals;
  }

  private static Object range(Arguments arguments) {
    boolean single = arguments.positional().size() == 1;
    long start = single ? 0 : Values.asIndex(arguments.get(0, "start"));
    long stop = Values.asIndex(arguments.get(single ? 0 : 1, "stop"));
    long step = arguments.integer(2, "step", 1);
    if (step == 0) {
      throw new JinjaException("A range's step is 0");
    }
    long size = Math.max(0, (stop - start + step - Long.signum(step)) / step);
    if (size > MAX_RANGE) {
      throw new JinjaException(
          "A range of %,d numbers is too long; %,d are allowed", size, MAX_RANGE);
    }
    arguments.budget().items(size);
    List<Object> numbers = new ArrayList<>((int) size);
    for (long i = 0; i < size; i++) {
      numbers.add(start + i * step);
    }
    return numbers;
  }

  private static Object dict(Arguments arguments) {
    Map<Object, Object> dict = new LinkedHashMap<>();
    for (Object source : arguments.positional()) {
      if (source instanceof Map<?, ?> map) {
        arguments.budget().items(map.size());
        dict.putAll(map);
      } else {
        for (Object pair : arguments.iterate(source)) {
          List<Object> two = arguments.iterate(pair);
          if (two.size() != 2) {
            throw new JinjaException("A dict is made of pairs");
          }
          dict.put(Values.key(two.get(0)), two.get(1));
        }
      }
    }
    dict.putAll(arguments.named());
    return dict;
  }

  private static Object namespace(Arguments arguments) {
    Namespace namespace = new Namespace();
    ((Map<?, ?>) dict(arguments))
        .forEach((name, value) -> namespace.set(ValueText.of(name), value));
    return namespace;
  }

  private static String strftime(String format, Clock clock) {
    if (format.length() > MAX_DATE_FORMAT) {
      throw new JinjaException(
          "A date's format has %,d characters; %,d are allowed", format.length(), MAX_DATE_FORMAT);
    }
    ZonedDateTime now = ZonedDateTime.now(clock);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      char directive = format.charAt(++i);
      boolean unpadded = directive == '-' && i + 1 < format.length(); // glibc's %-d
      if (unpadded) {
        directive = format.charAt(++i);
      }
      String field = dateField(directive, now);
      out.append(unpadded ? field.replaceFirst("^0+(?=.)", "") : field);
    }
    return out.toString();
  }

  private static String dateField(char directive, ZonedDateTime now) {
    String pattern =
        switch (directive) {
          case 'd' -> "dd";
          case 'm' -> "MM";
          case 'b', 'h' -> "MMM";
          case 'B' -> "MMMM";
          case 'y' -> "yy";
          case 'Y' -> "yyyy";
          case 'H' -> "HH";
          case 'I' -> "hh";
          case 'M' -> "mm";
          case 'S' -> "ss";
          case 'f' -> "SSSSSS";
          case 'p' -> "a";
          case 'a' -> "EEE";
          case 'A' -> "EEEE";
          case 'j' -> "DDD";
          case 'F' -> "yyyy-MM-dd";
          case 'T' -> "HH:mm:ss";
          case 'D' -> "MM/dd/yy";
          case 'c' -> "EEE MMM ppd HH:mm:ss yyyy";
          case 'x' -> "MM/dd/yy";
          case 'X' -> "HH:mm:ss";
          case 'e' -> "ppd";
          case 'z', 'Z' -> "";
          case '%' -> "'%'";
          case 'n' -> "'\n'";
          case 't' -> "'\t'";
          case 'w' -> "'" + now.getDayOfWeek().getValue() % 7 + "'";
          default -> throw new JinjaException("Unsupported date directive %%%c", directive);
        };
    return pattern.isEmpty()
        ? ""
        : now.format(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH));
  }
}
