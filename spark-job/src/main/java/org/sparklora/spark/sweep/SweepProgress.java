package org.sparklora.spark.sweep;

import org.sparklora.pipeline.run.Progress;
import org.sparklora.sweep.TrialOutcome;

/**
 * Prints to standard error the numbers of trials done, running and left, and the estimated time.
 * Thread-safe.
 */
final class SweepProgress {
  private final int trials;
  private final int parallel; // trials at once
  private long begun = System.nanoTime();
  private String until = "";
  private int before;
  private int todo;
  private int started;
  private int done;
  private int diverged;

  SweepProgress(int trials, int parallel) {
    this.trials = trials;
    this.parallel = parallel;
  }

  /**
   * Announces the training of trials.
   *
   * @param stop the step to train to, or {@link TrialOutcome#END}
   * @param earlier number of trials that are already trained so far
   */
  synchronized void begin(int stop, int earlier, int left) {
    begun = System.nanoTime();
    until = stop < TrialOutcome.END ? " up to step " + stop : "";
    before = earlier;
    todo = left;
    started = 0;
    done = 0;
    System.err.println(
        "sweep: %s trials%s, %s of them done before, %s at a time"
            .formatted(earlier + left, until, earlier, Math.min(parallel, Math.max(1, left))));
  }

  synchronized void started() {
    started++;
  }

  synchronized void done(TrialOutcome outcome) {
    done++;
    diverged += outcome.state() == TrialOutcome.State.DIVERGED ? 1 : 0;
    System.err.println(line((System.nanoTime() - begun) / 1e9));
  }

  /** {@code sweep: 7 of 12 trials done (1 diverged), 2 running, 3 left; 4 min 10 s left}. */
  private String line(double seconds) {
    int left = todo - done;
    String line =
        "sweep: %s of %s trials done%s%s, %s running, %s left"
            .formatted(
                before + done,
                before + todo,
                until,
                diverged > 0 ? " (%s diverged)".formatted(diverged) : "",
                Math.max(0, started - done),
                todo - Math.max(started, done));
    return left == 0
        ? line + "; in " + Progress.time(seconds)
        : line + "; " + Progress.time(seconds / done * left) + " left";
  }

  /** The message of an interrupted sweep. */
  synchronized String whenInterrupted() {
    return "Interrupted after %s of %s trials; the same command goes on with the rest"
        .formatted(before + done, trials);
  }
}
