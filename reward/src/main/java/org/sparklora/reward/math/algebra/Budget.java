package org.sparklora.reward.math.algebra;

/**
 * What one verdict may cost: steps, sizes and time. Everything that loops, recurses or builds big
 * numbers asks it, so no completion holds up its neighbours, and no alarm or signal is needed.
 *
 * <p>Belongs to one verdict on one thread.
 */
public final class Budget {
  /**
   * Deeper nesting than this is nobody's answer; it also keeps recursion far from the stack's end.
   */
  public static final int MAX_DEPTH = 150;

  /** Bits of one exact number; 2^17 bits are 39 000 digits. */
  static final int MAX_BITS = 1 << 17;

  /**
   * Characters of one answer that a person is to read; regular expressions go over it many times.
   */
  static final int MAX_ANSWER_CHARS = 4_000;

  /** Tokens of one parsed text. */
  public static final int MAX_TOKENS = 8_000;

  private final long deadlineNanos;
  private long stepsLeft;

  private Budget(long deadlineNanos, long steps) {
    this.deadlineNanos = deadlineNanos;
    this.stepsLeft = steps;
  }

  public static Budget ofMillis(long millis) {
    return new Budget(System.nanoTime() + millis * 1_000_000L, 2_000_000L);
  }

  /** Counts one step and throws {@link Exceeded} when steps or time have run out. */
  public void step() {
    step(1);
  }

  public void step(long cost) {
    stepsLeft -= cost;
    // The clock is read at every 64th step: reading it costs as much as the steps between.
    if (stepsLeft < 0 || ((stepsLeft & 63) == 0 || cost > 16) && millisLeft() <= 0) {
      throw new Exceeded(stepsLeft < 0 ? "too many steps" : "out of time");
    }
  }

  void checkBits(long bits) {
    if (bits > MAX_BITS) {
      throw new Exceeded("a number of " + bits + " bits");
    }
    step(1 + bits / 512);
  }

  public void checkLength(String answer) {
    if (answer.length() > MAX_ANSWER_CHARS) {
      throw new Exceeded("an answer of " + answer.length() + " characters");
    }
  }

  /** The text, each character of which a regular expression reads at the budget's cost. */
  public CharSequence over(CharSequence text) {
    return new Read(text);
  }

  private final class Read implements CharSequence {
    /** A step is dearer than a character: a whole completion of 100 kB costs 1600. */
    private static final int CHARACTERS_A_STEP = 64;

    private final CharSequence text;
    private int read;

    Read(CharSequence text) {
      this.text = text;
    }

    @Override
    public char charAt(int index) {
      if (++read % CHARACTERS_A_STEP == 0) {
        step();
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.subSequence(start, end);
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }

  /** Whether steps or time have run out, so that nothing more can be tried. */
  boolean isSpent() {
    return stepsLeft < 0 || millisLeft() <= 0;
  }

  public long millisLeft() {
    return (deadlineNanos - System.nanoTime()) / 1_000_000L;
  }

  /**
   * A verdict would cost more than it may. Without a stack trace: it is an answer, not a defect.
   */
  public static final class Exceeded extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public Exceeded(String what) {
      super(what, null, false, false);
    }
  }
}
