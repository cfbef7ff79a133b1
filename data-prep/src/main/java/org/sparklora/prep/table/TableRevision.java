package org.sparklora.prep.table;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;

/** {@code --dataset_revision} of a table: the state that is read. */
sealed interface TableRevision {
  /** A date, with a time or without, with a zone or without. */
  DateTimeFormatter TIME =
      new DateTimeFormatterBuilder()
          .appendPattern("uuuu-MM-dd[['T'][' ']HH:mm[:ss]]")
          .optionalStart()
          .appendFraction(ChronoField.NANO_OF_SECOND, 1, 9, true)
          .optionalEnd()
          .appendPattern("[XXX]")
          .parseDefaulting(ChronoField.HOUR_OF_DAY, 0)
          .parseDefaulting(ChronoField.MINUTE_OF_HOUR, 0)
          .parseDefaulting(ChronoField.SECOND_OF_MINUTE, 0)
          .toFormatter(Locale.ROOT);

  /** The state at the time of opening. */
  record Current() implements TableRevision {}

  /** A version number of Delta Lake, or a snapshot id of Iceberg. */
  record Numbered(long number) implements TableRevision {}

  /** The state at a time. */
  record At(Instant time) implements TableRevision {}

  /** A branch or tag of Iceberg. */
  record Named(String name) implements TableRevision {}

  /**
   * Parses the flag: digits are a number, a date or time is a time (in UTC unless it has a zone),
   * any other text is a name; an empty text is the current state.
   */
  static TableRevision of(String revision) {
    if (revision.isEmpty()) {
      return new Current();
    }
    if (revision.matches("\\d{1,19}")) {
      return new Numbered(Long.parseUnsignedLong(revision));
    }
    try {
      TemporalAccessor time =
          TIME.parseBest(revision.strip(), ZonedDateTime::from, LocalDateTime::from);
      return new At(
          time instanceof ZonedDateTime zoned
              ? zoned.toInstant()
              : LocalDateTime.from(time).toInstant(ZoneOffset.UTC));
    } catch (DateTimeException e) {
      return new Named(revision);
    }
  }
}
