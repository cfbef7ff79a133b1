package org.sparklora.hub;

import java.net.http.HttpHeaders;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Waits before a request is sent again: 1, 2, 4, 8, 8 … seconds, or as long as the server asks. */
@FunctionalInterface
interface RetryPause {
  /** The longest pause; a server that asks for more is not waited for. */
  Duration LONGEST = Duration.ofMinutes(10);

  /** {@code "api";r=0;t=55}: no request is allowed for 55 seconds. */
  Pattern RATE_LIMIT = Pattern.compile("\\br=0\\b.*\\bt=(\\d{1,6})\\b");

  /** The three forms of HTTP's dates (RFC 9110, 5.6.7), all of them in GMT. */
  List<DateTimeFormatter> DATES =
      List.of(
          DateTimeFormatter.RFC_1123_DATE_TIME,
          DateTimeFormatter.ofPattern("EEEE, dd-MMM-yy HH:mm:ss 'GMT'", Locale.US),
          DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.US));

  void sleep(Duration duration) throws InterruptedException;

  /**
   * @param attempt number of attempts that failed before this one
   * @param asked the pause that the server asks for, or zero
   */
  default void before(int attempt, Duration asked) {
    try {
      sleep(asked.isZero() ? Duration.ofSeconds(Math.min(8, 1L << Math.min(attempt, 3))) : asked);
    } catch (InterruptedException e) {
      throw HubHttp.interrupted(e);
    }
  }

  /** The pause that {@code Retry-After} or {@code RateLimit} asks for; zero if neither does. */
  static Duration askedFor(HttpHeaders headers) {
    Matcher limit = RATE_LIMIT.matcher(headers.firstValue("RateLimit").orElse(""));
    return limit.find()
        ? Duration.ofSeconds(Long.parseLong(limit.group(1)) + 1)
        : retryAfter(headers.firstValue("Retry-After").orElse(""), Clock.systemUTC());
  }

  /** The pause that {@code Retry-After} asks for, in seconds or by a date. */
  static Duration retryAfter(String text, Clock clock) {
    String value = text.strip();
    if (value.matches("\\d{1,9}")) {
      return Duration.ofSeconds(Long.parseLong(value));
    }
    for (DateTimeFormatter form : DATES) {
      try {
        Instant date = LocalDateTime.parse(value, form).toInstant(ZoneOffset.UTC);
        Duration left = Duration.between(clock.instant(), date);
        return left.isNegative() ? Duration.ZERO : left;
      } catch (DateTimeParseException e) {
        continue; // not a date of this form
      }
    }
    return Duration.ZERO;
  }
}
