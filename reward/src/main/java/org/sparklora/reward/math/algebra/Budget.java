package org.sparklora.reward.math.algebra;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.function.LongSupplier;

/**
 * What one verdict may cost, in steps and sizes. Everything that loops, recurses or computes with
 * big numbers asks it first, so no completion holds up its neighbours, and no alarm or signal is
 * needed. Steps are counted from the texts alone: they are the same on every machine, under every
 * load, and in a JVM that has loaded no class yet.
 *
 * <p>A step is half a microsecond of one core of an ordinary server, once the JVM is warm: a token
 * read, a node of a term evaluated, 64 characters that a regular expression looks at, a product of
 * numbers of 30 words.
 *
 * <p>Beside steps stands a guard, which only ends what steps have missed. It counts the thread's
 * CPU time, which a busy machine does not use up, and what it ends is not judged.
 *
 * <p>Belongs to one verdict on one thread.
 */
public final class Budget {
  /** The steps of a verdict: a second and a half. */
  public static final long STEPS = 3_000_000;

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

  /** Characters that a scanner looks at in a step, where a regular expression takes 64. */
  private static final int SCANNED_A_STEP = 256;

  private static final int SHORT_TEXT = 200;

  /** Steps between two looks at the clock, which cost as much as a step each. */
  private static final int STEPS_A_LOOK = 1024;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final long guardNanos;
  private final LongSupplier clock;
  private long used;
  private int scanned;
  private long nextLook = STEPS_A_LOOK;
  private long started = Long.MIN_VALUE;

  private Budget(long guardNanos, LongSupplier clock) {
    this.guardNanos = guardNanos;
    this.clock = clock;
  }

  /**
   * The steps of a verdict.
   *
   * @param millis of CPU after which the guard ends it
   */
  public static Budget ofMillis(long millis) {
    return new Budget(
        millis * 1_000_000L,
        THREADS.isCurrentThreadCpuTimeSupported()
            ? THREADS::getCurrentThreadCpuTime
            : System::nanoTime);
  }

  /** The same with another clock. */
  static Budget of(long guardNanos, LongSupplier clock) {
    return new Budget(guardNanos, clock);
  }

  /** Steps taken so far. */
  public long used() {
    return used;
  }

  /** Counts one step and throws {@link Exceeded} when they have run out. */
  public void step() {
    step(1);
  }

  /** Throws {@link Exceeded} when steps have run out, {@link OutOfTime} when the guard ends it. */
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

  /** Counts what it takes to look once at each of so many characters. */
  public void scan(int characters) {
    scanned += characters;
    if (scanned >= SCANNED_A_STEP) {
      step(scanned / SCANNED_A_STEP);
      scanned %= SCANNED_A_STEP;
    }
  }

  /**
   * Refuses a number that is too long, and counts what one of its size takes to be put together.
   */
  void checkBits(long bits) {
    if (bits > MAX_BITS) {
      throw new Exceeded("a number of " + bits + " bits");
    }
    step(1 + product(bits));
  }

  /** Counts a sum or product of two fractions, of which the common divisor takes longest. */
  void fractions(Rational a, Rational b) {
    long above = (long) a.numerator().bitLength() + b.numerator().bitLength();
    long below = (long) a.denominator().bitLength() + b.denominator().bitLength();
    long bits = Math.max(above, below);
    step(1 + 4 * product(bits) + (below > 2 ? commonDivisor(Math.min(bits, below)) : 0));
  }

  /**
   * The steps of a product of two whole numbers of so many bits; a quotient takes four times it.
   */
  static long product(long bits) {
    double words = bits / 32.0;
    return (long) (words * Math.min(words / 900, Math.sqrt(words) / 100));
  }

  /** The steps of the greatest common divisor of two whole numbers of so many bits. */
  static long commonDivisor(long bits) {
    long words = bits >> 5;
    return words * words / 40;
  }

  /**
   * Refuses an answer that is too long, and counts what is made of it before it is parsed: what
   * regular expressions take of a text may grow with its square.
   */
  public void checkLength(String answer) {
    long length = answer.length();
    if (length > MAX_ANSWER_CHARS) {
      throw new Exceeded("an answer of " + length + " characters");
    }
    step(length + length * length / 64);
  }

  /**
   * The text, each character of which a regular expression reads at the budget's cost. One so short
   * that its square is little costs the same however often it is read.
   */
  public CharSequence over(CharSequence text) {
    if (text.length() <= SHORT_TEXT) {
      scan(4 * text.length());
      return text;
    }
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

  /** Whether steps have run out, so that nothing more can be tried. */
  public boolean isSpent() {
    return used > STEPS;
  }

  /**
   * A verdict would cost more than it may, which depends on the texts alone. Without a stack trace:
   * it is an answer, not a defect.
   */
  public static final class Exceeded extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public Exceeded(String what) {
      super(what, null, false, false);
    }
  }

  /** The guard has ended a verdict: none can be given. Nothing but the judge itself catches it. */
  public static final class OutOfTime extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OutOfTime() {
      super("out of time", null, false, false);
    }
  }
}
