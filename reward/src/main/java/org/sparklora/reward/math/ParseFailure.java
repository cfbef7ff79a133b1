package org.sparklora.reward.math;

/** A text is not a mathematical expression. Without a stack trace: parsers try many readings. */
final class ParseFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Whether the text was read but means nothing (a relation inside a term): no other reading is
   * tried.
   */
  private final boolean meaningless;

  private ParseFailure(String what, boolean meaningless) {
    super(what, null, false, false);
    this.meaningless = meaningless;
  }

  ParseFailure(String what) {
    this(what, false);
  }

  static ParseFailure meaningless(String what) {
    return new ParseFailure(what, true);
  }

  boolean isMeaningless() {
    return meaningless;
  }
}
