package org.sparklora.observe.track;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.observe.track.sink.TrackedRow;
import org.sparklora.pipeline.run.Interruption;

/**
 * Sends a run to one tracker on a separate thread, so that logging never waits for a server or a
 * locked database. A bounded number of rows waits for the tracker; rows beyond it are left out, and
 * the tracker reads them from the log.
 *
 * <p>Only the run's thread may call it.
 */
public final class TrackerThread {
  private static final Logger LOG = LoggerFactory.getLogger(TrackerThread.class);

  /** Longest wait at a run's end, when results are uploaded; {@code track} can send the rest. */
  private static final Duration LONGEST_END = Duration.ofMinutes(5);

  /** Longest wait at the end of an interrupted run, whose user waits for it. */
  private static final Duration LONGEST_STOP = Duration.ofSeconds(10);

  /** Largest number of rows, of some hundred bytes each, that wait for the tracker. */
  private static final int MOST_WAITING = 1_000;

  private final TolerantSink sink;
  private final Semaphore room = new Semaphore(MOST_WAITING);
  private final ExecutorService thread;
  private long rows; // of the log

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

  /**
   * Begins a run, or resumes it with its earlier rows.
   *
   * @param earlier number of earlier rows
   * @param log reads all rows of the log; called on the tracker's thread
   */
  public void begin(long earlier, Supplier<List<TrackedRow>> log) {
    rows = earlier;
    thread.execute(() -> sink.begin(earlier, log));
  }

  /** Adds a row, which the log already has. */
  public void append(TrackedRow row) {
    long number = rows++;
    if (room.tryAcquire()) {
      thread.execute(
          () -> {
            room.release();
            sink.append(number, row);
          });
    }
  }

  private Future<Boolean> end() {
    long all = rows;
    Future<Boolean> whole = thread.submit(() -> sink.end(all));
    thread.shutdown();
    return whole;
  }

  /** Ends a run: waits for all trackers in parallel, for a shorter time after an interrupt. */
  public static void end(List<TrackerThread> trackers) {
    end(trackers, Interruption.isRequested() ? LONGEST_STOP : LONGEST_END);
  }

  /**
   * Ends a run: waits for all trackers in parallel, at most {@code longest}.
   *
   * @return whether all trackers have all rows
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
          interrupted = true; // the run was interrupted; trackers should still get its last rows
          latest = Math.min(latest, System.nanoTime() + LONGEST_STOP.toNanos());
        }
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      thread.shutdownNow();
      LOG.warn("{} does not take all of this run in time: {}", sink.name(), sink.missing(rows));
      return false;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
