package org.sparklora.reward.math.dialect;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Compares times of day and dates, as words in lower case. */
final class DateAndTime {
  private static final Pattern TIME =
      Pattern.compile("(?=.*[:m])([01]?[0-9]|2[0-4])(?::([0-5][0-9]))?(?:\\s*([ap])\\.?m\\.?)?");

  private static final String MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec";
  private static final String MONTH =
      "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
          + "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?";
  private static final String DAY = "(?:the )?([0-9]{1,2})(?:\\^?(?:st|nd|rd|th))?";

  /** A weekday or none, day and month in either order, and a year or none. */
  private static final Pattern DATE =
      Pattern.compile(
          "(?:on )?(?:(sun|mon|tues|wednes|thurs|fri|satur)day,? )?"
              + ("(?:" + DAY + "(?: of)? " + MONTH + "|" + MONTH + " " + DAY + ")")
              + "(?:,? ?([0-9]{4}))?");

  private static final Pattern ISO_DATE =
      Pattern.compile("([0-9]{4})-(0[1-9]|1[0-2])-([0-3][0-9])");

  private DateAndTime() {}

  /**
   * Whether two times of day or two dates are the same; empty if an answer is neither. Without a.m.
   * or p.m. a day has 24 hours, but an answer may add either, or a weekday and a year, to a
   * solution without it.
   */
  static Optional<Boolean> same(String gold, String answer) {
    Matcher a = TIME.matcher(inNumbers(gold));
    Matcher b = TIME.matcher(inNumbers(answer));
    if (a.matches() && b.matches()) {
      boolean added = a.group(3) == null && minutes(a, "") == minutes(b, "");
      return Optional.of(added || minutes(a, a.group(3)) == minutes(b, b.group(3)));
    }
    Optional<Date> given = date(answer);
    return date(gold).filter(date -> given.isPresent()).map(date -> date.allows(given.get()));
  }

  private static String inNumbers(String time) {
    return time.replaceFirst("^(?:12(?::00)? )?noon$", "12:00 pm")
        .replaceFirst("^(?:12(?::00)? )?midnight$", "12:00 am");
  }

  /** Minutes after midnight, or after noon for the half "p" of a day. */
  private static int minutes(Matcher time, String half) {
    int hour = Integer.parseInt(time.group(1));
    hour = half == null || half.isEmpty() ? hour : hour % 12 + (half.equals("p") ? 12 : 0);
    return 60 * hour + (time.group(2) == null ? 0 : Integer.parseInt(time.group(2)));
  }

  /** A date in numbers; weekday and year may be empty. */
  private record Date(String weekday, int day, int month, String year) {
    boolean allows(Date other) {
      return day == other.day
          && month == other.month
          && (year.isEmpty() || year.equals(other.year))
          && (weekday.isEmpty() || other.weekday.isEmpty() || weekday.equals(other.weekday));
    }
  }

  private static Optional<Date> date(String words) {
    Matcher iso = ISO_DATE.matcher(words);
    if (iso.matches()) {
      int month = Integer.parseInt(iso.group(2));
      return Optional.of(new Date("", Integer.parseInt(iso.group(3)), month, iso.group(1)));
    }
    Matcher date = DATE.matcher(words);
    if (!date.matches()) {
      return Optional.empty();
    }
    boolean dayFirst = date.group(2) != null;
    String month = date.group(dayFirst ? 3 : 4).substring(0, 3);
    return Optional.of(
        new Date(
            Optional.ofNullable(date.group(1)).orElse(""),
            Integer.parseInt(date.group(dayFirst ? 2 : 5)),
            MONTHS.indexOf(month) / 3 + 1,
            Optional.ofNullable(date.group(6)).orElse("")));
  }
}
