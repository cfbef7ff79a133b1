package org.sparklora.pipeline.run;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.run.RunLock.Owner;

/**
 * Tells whether the run that holds a lock is alive if its process cannot be looked up, on another
 * node or in another container. A live run renews the modification time of its lock at every beat.
 *
 * <p>Clocks of nodes differ and step, so an old modification time proves nothing: the lock is
 * watched, and a run that does not renew it meanwhile is dead.
 */
final class Heartbeat {
  /** For tests: milliseconds of a beat, of which all other times are multiples. */
  static final String PROPERTY = "lora.lock.beat";

  private static final long USUAL_BEAT_MILLIS = 10_000;

  /** Beats without renewal, as in a garbage collection, after which a run is dead. */
  private static final int BEATS_OF_SILENCE = 30;

  /** The least beats for which a lock is watched, whatever its modification time. */
  private static final int BEATS_WATCHED = 4;

  private static final int LOOKS_PER_BEAT = 10;
  private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);

  private Heartbeat() {}

  static long beatMillis() {
    return Long.getLong(PROPERTY, USUAL_BEAT_MILLIS);
  }

  /** Milliseconds without renewal after which a run is dead. */
  static long silenceMillis() {
    return BEATS_OF_SILENCE * beatMillis();
  }

  /**
   * Waits for a renewal: about one beat if the run is alive; if it is dead, until {@link
   * #silenceMillis} after its last renewal, as far as clocks tell.
   */
  static boolean isSeen(FileSystem fileSystem, Path file, Optional<Owner> holder)
      throws IOException {
    long watched = BEATS_WATCHED * beatMillis();
    long left = silenceMillis() - silent(fileSystem.getFileStatus(file));
    long needed = Math.max(watched, Math.min(left, silenceMillis()));
    LOG.warn(
        "{} is held by {}: watching for up to {} s whether it still runs",
        file.getParent(),
        holder.map(Owner::name).orElse("a run that is just beginning"),
        (needed + 999) / 1000);
    return changes(fileSystem, file, needed);
  }

  /**
   * A faster, less exact {@link #isSeen}: a run whose last renewal may be recent counts as alive
   * without waiting.
   */
  static boolean mayLive(FileSystem fileSystem, Path file) throws IOException {
    return Math.abs(silent(fileSystem.getFileStatus(file))) < silenceMillis()
        || changes(fileSystem, file, BEATS_WATCHED * beatMillis());
  }

  private static long silent(FileStatus status) {
    return System.currentTimeMillis() - status.getModificationTime();
  }

  private static boolean changes(FileSystem fileSystem, Path file, long millis) throws IOException {
    FileStatus first = fileSystem.getFileStatus(file);
    long begun = System.nanoTime();
    while (System.nanoTime() - begun < millis * 1_000_000) {
      RunLock.sleep(Math.max(1, beatMillis() / LOOKS_PER_BEAT));
      Interruption.check();
      try {
        FileStatus now = fileSystem.getFileStatus(file);
        if (now.getModificationTime() != first.getModificationTime()
            || now.getLen() != first.getLen()) {
          return true;
        }
      } catch (FileNotFoundException e) {
        return false; // the run released the lock
      }
    }
    return false;
  }
}
