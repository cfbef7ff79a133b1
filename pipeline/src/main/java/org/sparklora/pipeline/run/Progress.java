package org.sparklora.pipeline.run;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.sparklora.hub.TransferListener;

/**
 * Shows the progress of a long step, with rate and time left: on a terminal as a bar that is
 * redrawn, elsewhere as a line every few seconds.
 *
 * <pre>prep  [########            ]  41 %  12.3M tokens  1.2M tokens/s  14 s left</pre>
 *
 * <p>Not thread-safe: one thread reports.
 */
public final class Progress {
  /** Set by {@code bin/spark-lora} to whether standard error is a terminal. */
  private static final String TERMINAL = "lora.terminal";

  private static final int BAR = 20;
  private static final long TERMINAL_NANOS = 100_000_000L;
  private static final long LINE_NANOS = 5_000_000_000L;
  private static final long LARGE_TRANSFER_BYTES = 64L << 20;

  private final String name;
  private final String unit;
  private final PrintStream out;
  private final boolean terminal;
  private final LongSupplier nanoTime;
  private final long started;
  private double fractionBefore;
  private long countBefore;
  private long lastShown;
  private boolean shownAny;
  private boolean over;

  Progress(String name, String unit, PrintStream out, boolean terminal, LongSupplier nanoTime) {
    this.name = name;
    this.unit = unit;
    this.out = out;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
    this.started = nanoTime.getAsLong();
    this.lastShown = started;
  }

  /**
   * Progress on standard error, redrawn on a terminal.
   *
   * @param name the step, for example {@code tokenize}
   * @param unit what is counted, for example {@code tokens}
   */
  public static Progress start(String name, String unit) {
    return new Progress(name, unit, System.err, isTerminal(), System::nanoTime);
  }

  /** Shows one transfer, if it is large, in bytes. */
  public static TransferListener ofTransfer() {
    Once<Progress> shown = new Once<>();
    return (what, done, total, resumed) -> {
      if (total >= LARGE_TRANSFER_BYTES) {
        Progress progress = shown.get(() -> start(what, "bytes"));
        progress.goOnFrom((double) resumed / total, resumed);
        if (done >= total) {
          progress.done(done);
        } else {
          progress.show((double) done / total, done);
        }
      }
    };
  }

  /** Without {@link #TERMINAL} a console decides, which depends on standard input and output. */
  static boolean isTerminal() {
    String told = System.getProperty(TERMINAL);
    return told == null ? System.console() != null : Boolean.parseBoolean(told);
  }

  /** Sets the part of the step that an earlier process did, which does not count for the rate. */
  public void goOnFrom(double fraction, long count) {
    fractionBefore = fraction;
    countBefore = count;
  }

  /** Shows the progress, a share from 0 to 1, unless it was shown a moment ago. */
  public void show(double fraction, long count) {
    long now = nanoTime.getAsLong();
    boolean last = !terminal && fraction >= 1; // done() prints the last line
    if (over || last || now - lastShown < (terminal ? TERMINAL_NANOS : LINE_NANOS)) {
      return;
    }
    lastShown = now;
    print(Math.min(1, Math.max(0, fraction)), count, now);
  }

  /** Shows the end of the step, once. */
  public void done(long count) {
    if (over) {
      return;
    }
    over = true;
    print(1, count, nanoTime.getAsLong());
    if (terminal) {
      out.println();
    }
  }

  /** Shows nothing more; on a terminal, ends the line of a step that was shown. */
  public void leave() {
    if (terminal && shownAny && !over) {
      out.println();
    }
    over = true;
  }

  /** Seconds since the start. */
  public double seconds() {
    return (nanoTime.getAsLong() - started) / 1e9;
  }

  private void print(double fraction, long count, long now) {
    double seconds = (now - started) / 1e9;
    StringBuilder line = new StringBuilder(name).append("  ");
    if (terminal) {
      int filled = (int) Math.round(fraction * BAR);
      line.append('[').append("#".repeat(filled)).append(" ".repeat(BAR - filled)).append("]  ");
    }
    line.append("%3s %%  %s %s".formatted((int) (fraction * 100), compact(count), unit));
    if (seconds > 0) {
      long rate = Math.round((count - countBefore) / seconds);
      line.append("  %s %s/s".formatted(compact(rate), unit));
    }
    if (fraction >= 1) {
      line.append("  in ").append(time(seconds));
    } else if (fraction > fractionBefore) {
      double secondsLeft = seconds / (fraction - fractionBefore) * (1 - fraction);
      line.append("  ").append(time(secondsLeft)).append(" left");
    }
    if (terminal) {
      out.print(
          (shownAny ? "\r\u001b[K" : "") + line); // redraw in place, clearing a longer earlier line
      out.flush();
    } else {
      out.println(line);
    }
    shownAny = true;
  }

  /** {@code 950}, {@code 12.3k}, {@code 4.5M}, {@code 1.2G}. */
  static String compact(long count) {
    if (count < 1_000) {
      return Long.toString(count);
    }
    if (count < 999_950) {
      return String.format(Locale.ROOT, "%.1fk", count / 1e3);
    }
    if (count < 999_950_000) {
      return String.format(Locale.ROOT, "%.1fM", count / 1e6);
    }
    return String.format(Locale.ROOT, "%.1fG", count / 1e9);
  }

  /** {@code 0.4 s}, {@code 14 s}, {@code 3 min 20 s}, {@code 2 h 5 min}. */
  public static String time(double seconds) {
    if (seconds < 9.95) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    long rounded = Math.round(seconds);
    if (rounded < 60) {
      return rounded + " s";
    }
    if (rounded < 3600) {
      return rounded / 60 + " min " + rounded % 60 + " s";
    }
    return rounded / 3600 + " h " + rounded % 3600 / 60 + " min";
  }
}
