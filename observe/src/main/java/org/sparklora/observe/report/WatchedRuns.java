package org.sparklora.observe.report;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.run.MetricsLog;

/**
 * Watches runs, finished or not: looks at their folders each second, and reads a log again when it
 * has changed. If a log cannot be read, as while a run rewrites it, its last content stays.
 *
 * <p>Thread-safe; {@link #watch} is for one thread.
 */
final class WatchedRuns {
  private static final long PAUSE_MILLIS = 1_000;

  /** The pause is this multiple of a look, so that reading takes at most a fifth of the time. */
  private static final int PAUSE_PER_LOOK = 4;

  private final Configuration hadoop;
  private final List<String> folders;
  private final List<RunCompletions> completions;
  private final List<String> fingerprints = new ArrayList<>();
  private final String server = UUID.randomUUID().toString();
  private long looks;
  private PageState state;

  /**
   * Reads the runs' completions for the first time.
   *
   * @param runs their logs, in the order of the folders, under the names to show
   */
  WatchedRuns(Configuration hadoop, List<String> folders, List<RunLog> runs) {
    this.hadoop = hadoop;
    this.folders = List.copyOf(folders);
    this.completions = folders.stream().map(folder -> new RunCompletions(hadoop, folder)).toList();
    folders.forEach(folder -> fingerprints.add(""));
    refreshCompletions();
    this.state = stateOf(runs);
  }

  private PageState stateOf(List<RunLog> runs) {
    looks++;
    return new PageState(
        server + "-" + looks, runs, completions.stream().map(PageState.Completions::of).toList());
  }

  synchronized PageState state() {
    return state;
  }

  List<RunCompletions> completions() {
    return completions;
  }

  /** Waits until the state is not {@code shown}, or the time is over; returns the state. */
  synchronized PageState await(PageState shown, long millis) throws InterruptedException {
    long end = System.nanoTime() + millis * 1_000_000;
    for (long left = millis; state == shown && left > 0; ) {
      wait(left);
      left = (end - System.nanoTime()) / 1_000_000;
    }
    return state;
  }

  /** Looks at the runs repeatedly, until the thread is interrupted. */
  void watch() {
    try {
      while (true) {
        long start = System.nanoTime();
        look();
        long took = (System.nanoTime() - start) / 1_000_000;
        Thread.sleep(Math.max(PAUSE_MILLIS, PAUSE_PER_LOOK * took));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  void look() {
    PageState before = state();
    List<RunLog> runs =
        IntStream.range(0, folders.size())
            .mapToObj(run -> read(run, before.runs().get(run)))
            .toList();
    refreshCompletions();
    List<PageState.Completions> logged =
        completions.stream().map(PageState.Completions::of).toList();
    if (!runs.equals(before.runs()) || !logged.equals(before.completions())) {
      synchronized (this) {
        state = stateOf(runs);
        notifyAll();
      }
    }
  }

  private RunLog read(int run, RunLog before) {
    try {
      String fingerprint = fingerprint(folders.get(run));
      if (fingerprint.equals(fingerprints.get(run))) {
        return before;
      }
      RunLog log = RunLog.begun(hadoop, folders.get(run)).named(before.name());
      fingerprints.set(run, fingerprint);
      return log;
    } catch (IOException | RuntimeException e) { // parsers of half-written files throw any
      return before;
    }
  }

  /** A text that changes with the log; on HDFS, which lists no growth of it, with the lock. */
  private String fingerprint(String folder) throws IOException {
    Path run = new Path(folder);
    FileSystem fileSystem = run.getFileSystem(hadoop);
    StringBuilder fingerprint = new StringBuilder();
    for (FileStatus file : fileSystem.listStatus(run)) {
      boolean isLog = file.getPath().getName().equals(MetricsLog.FILE_NAME);
      fingerprint
          .append(file.getPath().getName())
          .append(isLog ? file.getLen() : "")
          .append(' ')
          .append(file.getModificationTime())
          .append('\n');
    }
    return fingerprint.toString();
  }

  private void refreshCompletions() {
    for (RunCompletions one : completions) {
      try {
        one.refresh();
      } catch (IOException | RuntimeException e) {
        // the completions read before stay
      }
    }
  }
}
