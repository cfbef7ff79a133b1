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
 * Whether the run that holds a lock lives, where its process cannot be looked up: on another
 * machine, in another container. A living run renews the time of change of its lock at every beat.
 *
 * <p>Machines' clocks differ and step, so that a time of change that looks old proves nothing: the
 * lock is watched, and a run is dead that gave no sign while it was.
 */
final class Heartbeat {
  /** For tests; in milliseconds. All other times are multiples of it. */
  static final String PROPERTY = "lora.lock.beat";

  private static final long USUAL_BEAT_MILLIS = 10_000;

  /** A driver that stops for so long, in a garbage collection or on a full disk, is given up. */
  private static final int BEATS_OF_SILENCE = 30;

  /** How long a lock is watched at least, whatever its time of change is. */
  private static final int BEATS_WATCHED = 4;

  private static final int LOOKS_PER_BEAT = 10;
  private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);

  private Heartbeat() {}

  static long beatMillis() {
    return Long.getLong(PROPERTY, USUAL_BEAT_MILLIS);
  }

  /** After so long without a sign a run is given up. */
  static long silenceMillis() {
    return BEATS_OF_SILENCE * beatMillis();
  }

  /**
   * Waits for a sign: of a living run for a beat, of a dead one until {@link #silenceMillis} have
   * passed since its last, as far as clocks tell.
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
   * Like {@link #isSeen}, for whom it matters little: a run whose last sign may be recent counts as
   * alive at once.
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
        return false; // given back
      }
    }
    return false;
  }
}
