package org.sparklora.reward.math.number;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.function.LongSupplier;

/**
 * The cost limit of one verdict, in steps and sizes. All code that loops, recurses or computes with
 * big numbers asks it first, so no completion delays others, without alarms or signals. Steps
 * depend on the texts alone: they are the same on every machine, under every load, and in a JVM
 * that has loaded no class yet.
 *
 * <p>A step is half a microsecond of one core of an ordinary server, in a warm JVM: a token read, a
 * node of a term evaluated, 64 characters read by a regular expression, a product of numbers of 30
 * words.
 *
 * <p>A guard ends work that steps have missed. It counts the thread's CPU time, which a busy
 * machine does not use up; a verdict that it ends is not judged.
 *
 * <p>Belongs to one verdict on one thread.
 */
public final class AlgebraLimit {
  /** Most steps of a verdict: a second and a half. */
  public static final long STEPS = 3_000_000;

  /** Deeper nesting is not an answer; the limit also keeps recursion far from a stack overflow. */
  public static final int MAX_DEPTH = 150;

  /** Most bits of one exact number; 2^17 bits are 39 000 digits. */
  public static final int MAX_BITS = 1 << 17;

  /** Most characters of one answer, which a person should read, and patterns scan often. */
  static final int MAX_ANSWER_CHARS = 4_000;

  /** Most tokens of one parsed text. */
  public static final int MAX_TOKENS = 8_000;

  /** Characters that a scanner reads in a step; a regular expression reads 64. */
  private static final int SCANNED_A_STEP = 256;

  private static final int SHORT_TEXT = 200;

  /** Steps between two readings of the clock, each of which costs as much as a step. */
  private static final int STEPS_A_LOOK = 1024;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final long guardNanos;
  private final LongSupplier clock;
  private long used;
  private int scanned;
  private long nextLook = STEPS_A_LOOK;
  private long started = Long.MIN_VALUE;

  /** A budget with the caller's clock. */
  public AlgebraLimit(long guardNanos, LongSupplier clock) {
    this.guardNanos = guardNanos;
    this.clock = clock;
  }

  /**
   * A budget of {@link #STEPS} steps.
   *
   * @param millis CPU time after which the guard ends the verdict
   */
  public static AlgebraLimit ofMillis(long millis) {
    return new AlgebraLimit(
        millis * 1_000_000L,
        THREADS.isCurrentThreadCpuTimeSupported()
            ? THREADS::getCurrentThreadCpuTime
            : System::nanoTime);
  }

  /** Steps taken so far. */
  public long used() {
    return used;
  }

  /** Counts one step; throws {@link Exceeded} when none is left. */
  public void step() {
    step(1);
  }

  /** Throws {@link Exceeded} when no step is left, {@link OutOfTime} when the guard ends it. */
  public void step(long cost) {
    used += cost;
    if (used > STEPS) {
      throw new Exceeded("too many steps");
    }
    if (used >= nextLook) {
      nextLook = used + STEPS_A_LOOK;
      long now = clock.getAsLong();
      started = started == Long.MIN_VALUE ? now : started;
      if (now - started > guardNanos) {
        throw new OutOfTime();
      }
    }
  }

  /** Counts one scan over this many characters. */
  public void scan(int characters) {
    scanned += characters;
    if (scanned >= SCANNED_A_STEP) {
      step(scanned / SCANNED_A_STEP);
      scanned %= SCANNED_A_STEP;
    }
  }

  /** Refuses a number that is too long, and counts the cost of making one of this size. */
  public void checkBits(long bits) {
    if (bits > MAX_BITS) {
      throw new Exceeded("a number of " + bits + " bits");
    }
    step(1 + product(bits));
  }

  /** Counts a sum or product of two fractions; their common divisor costs most. */
  public void fractions(Rational a, Rational b) {
    long above = (long) a.numerator().bitLength() + b.numerator().bitLength();
    long below = (long) a.denominator().bitLength() + b.denominator().bitLength();
    long bits = Math.max(above, below);
    step(1 + 4 * product(bits) + (below > 2 ? commonDivisor(Math.min(bits, below)) : 0));
  }

  /** The steps of a product of numbers of this many bits; a quotient takes four times as many. */
  public static long product(long bits) {
    double words = bits / 32.0;
    return (long) (words * Math.min(words / 900, Math.sqrt(words) / 100));
  }

  /** The steps of the greatest common divisor of two whole numbers of this many bits. */
  public static long commonDivisor(long bits) {
    long words = bits >> 5;
    return words * words / 40;
  }

  /** Refuses too long an answer, and counts its clean-up by patterns, quadratic in its length. */
  public void checkLength(String answer) {
    long length = answer.length();
    if (length > MAX_ANSWER_CHARS) {
      throw new Exceeded("an answer of " + length + " characters");
    }
    step(length + length * length / 64);
  }

  /** The text, counting characters that a pattern reads; a short one counts as four scans. */
  public CharSequence over(CharSequence text) {
    if (text.length() <= SHORT_TEXT) {
      scan(4 * text.length());
      return text;
    }
    return new Read(text);
  }

  private final class Read implements CharSequence {
    /** A step costs more than a character: a completion of 100 kB costs 1600 steps. */
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

  /** Whether no step is left, so that nothing more can be tried. */
  public boolean isSpent() {
    return used > STEPS;
  }

  /**
   * A verdict would cost more than its steps and sizes, which depend on the texts alone. Has no
   * stack trace, since it is a result and not a defect.
   */
  public static final class Exceeded extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public Exceeded(String what) {
      super(what, null, false, false);
    }
  }

  /** The guard has ended the verdict, which has no result. Only the judge itself catches it. */
  public static final class OutOfTime extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OutOfTime() {
      super("out of time", null, false, false);
    }
  }
}
