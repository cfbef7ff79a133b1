package org.sparklora.prep.source;

import org.sparklora.pipeline.table.TableException;

/**
 * A row (or the unreadable rest of a file) that cannot be used. It is counted under its {@link
 * Reason} and stops the run unless {@code --on_bad_rows skip} is given.
 */
public final class BadRowException extends TableException {
  private static final long serialVersionUID = 1L;

  /** The kind of problem, as the manifest counts it. */
  public enum Reason implements LowerCase {
    /**
     * A damaged place in the file: a cut gzip, a broken Parquet page. The rest of the split is lost
     * as well.
     */
    UNREADABLE_FILE,
    /** A line or record that the format does not allow. */
    MALFORMED_ROW,
    /** A column is missing, null or of another type than the dataset's format needs. */
    WRONG_COLUMNS,
    /** The chat template raised an error for this conversation. */
    TEMPLATE_ERROR,
    /** A token id outside of the vocabulary. */
    TOKEN_ID_BEYOND_VOCABULARY,
    /** The run uses assistant-only loss and the row has no assistant token. */
    NO_ASSISTANT_TOKENS,
    /** A text, or the chat template's rendering of a conversation, that is too long for memory. */
    TEXT_TOO_LONG,
    EMPTY_PROMPT
  }

  private static final String REMEDY = ". Mend it, or leave such rows out with --on_bad_rows skip";

  private final Reason reason;

  /** A bad row; its place is file and line or row, or empty when only the caller knows it. */
  public BadRowException(Reason reason, String problem, String place) {
    this(reason, problem, place, null);
  }

  /** A bad row whose problem a format's reader reported by {@code cause}. */
  public BadRowException(Reason reason, String problem, String place, Throwable cause) {
    super(place.isEmpty() ? problem : "%s: %s%s".formatted(place, problem, REMEDY), cause);
    this.reason = reason;
  }

  /** This problem, which has no place so far, at a place. */
  public BadRowException at(String place) {
    return new BadRowException(reason, getMessage(), place, getCause());
  }

  /** The kind of problem, as the manifest counts it. */
  public Reason reason() {
    return reason;
  }

  /** A message about a bad row, without the remedy. */
  public static String problem(String message) {
    return message.replace(REMEDY, "");
  }
}
