package org.sparklora.reward.math.algebra;

/** A text is not a mathematical expression. Has no stack trace: parsers try many readings. */
public final class ParseFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Whether the text was read but means nothing, so that no other reading is tried. */
  private final boolean meaningless;

  private ParseFailure(String what, boolean meaningless) {
    super(what, null, false, false);
    this.meaningless = meaningless;
  }

  public ParseFailure(String what) {
    this(what, false);
  }

  public static ParseFailure meaningless(String what) {
    return new ParseFailure(what, true);
  }

  public boolean isMeaningless() {
    return meaningless;
  }
}
