package org.sparklora.text.jinja.value;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The functions every template has: Jinja2's, and those transformers adds. */
public final class Globals {
  /** The longest range; Jinja2's sandbox has the same limit. */
  private static final int MAX_RANGE = 100_000;

  private static final int MAX_DATE_FORMAT = 1000;

  /** {@code %d}, or glibc's {@code %-d} without padding. */
  private static final Pattern DIRECTIVE = Pattern.compile("%(-?)(.)", Pattern.DOTALL);

  /** The supported date directives; most have the letters of Java's formatter. */
  private static final String DIRECTIVES = "%epaAbBdDFhHIjmMSTyY";

  private Globals() {}

  public static Map<String, Callable> of(Clock clock) {
    return Map.of(
        "range", Globals::range,
        "dict", Globals::dict,
        "namespace", Globals::namespace,
        "raise_exception", Globals::raise,
        "strftime_now", a -> strftime(a.string(0, "format"), clock));
  }

  private static Object raise(Arguments arguments) {
    throw JinjaException.raised(ValueText.of(arguments.get(0, "message")));
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

  private static Map<Object, Object> dict(Arguments arguments) {
    Map<Object, Object> dict = new LinkedHashMap<>();
    for (Object source : arguments.positional()) {
      Map<?, ?> map = Values.dict(source);
      arguments.budget().items(map.size());
      dict.putAll(map);
    }
    dict.putAll(arguments.named());
    return dict;
  }

  private static Object namespace(Arguments arguments) {
    Namespace namespace = new Namespace();
    dict(arguments).forEach((name, value) -> namespace.set(Filters.text(name, arguments), value));
    return namespace;
  }

  private static String strftime(String format, Clock clock) {
    if (format.length() > MAX_DATE_FORMAT) {
      throw new JinjaException(
          "A date's format has %,d characters; %,d are allowed", format.length(), MAX_DATE_FORMAT);
    }
    ZonedDateTime now = ZonedDateTime.now(clock);
    return DIRECTIVE
        .matcher(format)
        .replaceAll(
            match -> {
              String field = dateField(match.group(2).charAt(0), now);
              return Matcher.quoteReplacement(
                  match.group(1).isEmpty() ? field : field.replaceFirst("^[0 ]+(?=.)", ""));
            });
  }

  private static String dateField(char directive, ZonedDateTime now) {
    if (DIRECTIVES.indexOf(directive) < 0) {
      throw new JinjaException("Unsupported date directive %%%c", directive);
    }
    String format =
        switch (directive) {
          case '%' -> "%%";
          case 'e' -> "%2te";
          case 'p' -> "%Tp";
          default -> "%t" + directive;
        };
    return String.format(Locale.ENGLISH, format, now);
  }
}
