package org.sparklora.prep.table;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.Locale;
import java.util.Optional;

/**
 * {@code --dataset_revision} of a table: the state that is read. Without number and time it is a
 * branch or tag of Iceberg, or the current state.
 *
 * @param text for messages; empty for the state at the time of opening
 * @param number a version number of Delta Lake, or a snapshot id of Iceberg
 * @param time of the state
 */
record TableRevision(String text, Optional<Long> number, Optional<Instant> time) {
  /** A date, with a time or without, with a zone or without. */
  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder()
          .appendPattern("uuuu-MM-dd[['T'][' ']HH:mm[:ss]]")
          .optionalStart()
          .appendFraction(ChronoField.NANO_OF_SECOND, 1, 9, true)
          .optionalEnd()
          .appendPattern("[XXX]")
          .parseDefaulting(ChronoField.HOUR_OF_DAY, 0)
          .parseDefaulting(ChronoField.MINUTE_OF_HOUR, 0)
          .parseDefaulting(ChronoField.SECOND_OF_MINUTE, 0)
          .parseDefaulting(ChronoField.OFFSET_SECONDS, 0)
          .toFormatter(Locale.ROOT);

  /**
   * Parses the flag: digits are a number, a date or time is a time (in UTC unless it has a zone),
   * any other text is a name; an empty text is the current state.
   */
  static TableRevision of(String revision) {
    if (revision.matches("\\d{1,19}")) {
      long number = Long.parseUnsignedLong(revision);
      return new TableRevision(Long.toString(number), Optional.of(number), Optional.empty());
    }
    try {
      Instant time = TIME.parse(revision.strip(), Instant::from);
      return new TableRevision(time.toString(), Optional.empty(), Optional.of(time));
    } catch (DateTimeException e) {
      return new TableRevision(revision, Optional.empty(), Optional.empty());
    }
  }

  /** Whether this is the state at the time of opening. */
  boolean isCurrent() {
    return text.isEmpty();
  }
}
