package org.sparklora.spark.track;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.run.Interruption;

/**
 * Tells one tracker of a run on a thread of its own: who logs never waits for a server or a locked
 * database. What waits to be told are the rows that {@link TolerantSink} keeps anyway, each of some
 * hundred bytes.
 *
 * <p>For one thread, which is the run's.
 */
public final class TrackerThread {
  private static final Logger LOG = LoggerFactory.getLogger(TrackerThread.class);

  /** Results are uploaded at the end; a server that takes longer for them gets them later. */
  private static final Duration LONGEST_END = Duration.ofMinutes(5);

  /** The same of a run that somebody has stopped and waits for. */
  private static final Duration LONGEST_STOP = Duration.ofSeconds(10);

  private final TolerantSink sink;
  private final ExecutorService thread;

  TrackerThread(TolerantSink sink) {
    this.sink = sink;
    this.thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread made = new Thread(task, "spark-lora-tracker-" + sink.name());
              made.setDaemon(true);
              return made;
            });
  }

  /** The run begins, or goes on with these rows. */
  public void begin(List<TrackedRow> earlier) {
    thread.execute(() -> sink.begin(earlier));
  }

  /** Adds a row. */
  public void append(TrackedRow row) {
    thread.execute(() -> sink.append(row));
  }

  private Future<Boolean> end() {
    Future<Boolean> whole = thread.submit(sink::end);
    thread.shutdown();
    return whole;
  }

  /** The run has ended: waits for its trackers, side by side, no longer than is bearable. */
  public static void end(List<TrackerThread> trackers) {
    end(trackers, Interruption.isRequested() ? LONGEST_STOP : LONGEST_END);
  }

  /**
   * The same with a time of one's own.
   *
   * @return whether all of them know all of the run
   */
  public static boolean end(List<TrackerThread> trackers, Duration longest) {
    List<Future<Boolean>> ends = trackers.stream().map(TrackerThread::end).toList();
    long deadline = System.nanoTime() + longest.toNanos();
    boolean all = true;
    for (int i = 0; i < ends.size(); i++) {
      all &= trackers.get(i).await(ends.get(i), deadline);
    }
    return all;
  }

  private boolean await(Future<Boolean> end, long deadline) {
    boolean interrupted = false;
    long latest = deadline;
    try {
      while (true) {
        try {
          return end.get(latest - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true; // of the run, of which the trackers should know to the end
          latest = Math.min(latest, System.nanoTime() + LONGEST_STOP.toNanos());
        }
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      thread.shutdownNow();
      LOG.warn("{} does not take all of this run in time: {}", sink.name(), sink.remedy());
      return false;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
