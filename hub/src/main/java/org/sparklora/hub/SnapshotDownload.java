package org.sparklora.hub;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Downloads several files in parallel; the first failure interrupts the others. Nothing writes to
 * the cache after {@link #run}, except a transfer that does not heed its interrupt for {@link
 * #END_SECONDS}.
 */
final class SnapshotDownload {
  /** Parallel downloads, as in {@code snapshot_download}. */
  private static final int WORKERS = 8;

  private static final int END_SECONDS = 10;

  private final List<FileDownload> files;
  private final long totalBytes;
  private final String what;
  private final TransferListener listener;
  private long doneBytes;
  private long foundBytes;

  SnapshotDownload(
      List<FileDownload> files, long totalBytes, String what, TransferListener listener) {
    this.files = files;
    this.totalBytes = totalBytes;
    this.what = what;
    this.listener = listener;
  }

  void run() {
    ExecutorService workers = Executors.newFixedThreadPool(Math.min(WORKERS, files.size()));
    try {
      // by completion, so that a failure is reported without waiting for a large file before it
      ExecutorCompletionService<Void> finished = new ExecutorCompletionService<>(workers);
      files.forEach(file -> finished.submit(() -> file.run(this), null));
      for (int i = 0; i < files.size(); i++) {
        finished.take().get();
      }
    } catch (InterruptedException e) {
      throw HubHttp.interrupted(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException problem) {
        throw problem;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      workers.shutdownNow();
      boolean interrupted = Thread.interrupted(); // else the waiting would end at once
      try {
        workers.awaitTermination(END_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Adds bytes that were in the cache already. */
  synchronized void found(long bytes) {
    foundBytes += bytes;
    came(bytes);
  }

  /** Adds bytes that arrived now; negative if they have to be fetched again. */
  synchronized void came(long bytes) {
    doneBytes += bytes;
    listener.progress(what, doneBytes, totalBytes, foundBytes);
  }
}
