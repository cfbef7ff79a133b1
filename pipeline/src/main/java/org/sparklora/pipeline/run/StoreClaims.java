package org.sparklora.pipeline.run;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.RunLock.Owner;

/**
 * Runs' claims on a folder of an {@link ObjectStore}, where no file can be created exclusively: one
 * file each, {@code .run.lock-ID}.
 *
 * <p>A run writes its claim and lists the claims then. It holds the folder if no other lives. Of
 * two runs that both held it, the one that wrote later would have listed the earlier one's claim;
 * so there are no two, however slow the store is. Of those that begin at once the one with the
 * smallest id waits for the others to withdraw.
 *
 * <p>A dead claim is removed by the run that takes over, whose own names it: the dead run's last
 * sign may still be on its way, and bring its claim back. A run whose claim is named so writes
 * nothing more. What it was just writing when it was given up cannot be called back.
 */
final class StoreClaims {
  private static final String PREFIX = RunLock.FILE_NAME + "-";
  private static final long PATIENCE_MILLIS = 10_000;
  private static final long POLL_MILLIS = 200;
  private static final Logger LOG = LoggerFactory.getLogger(StoreClaims.class);

  private final FileSystem fileSystem;
  private final Path folder;

  StoreClaims(FileSystem fileSystem, Path folder) {
    this.fileSystem = fileSystem;
    this.folder = folder;
  }

  /** Whether a file of that name is a claim. */
  static boolean isClaim(String name) {
    return name.startsWith(PREFIX);
  }

  private record Claim(String id, Path file, Optional<Owner> owner) {}

  /** A claim that holds. */
  record Held(Path file, Owner owner) {}

  /**
   * Takes the folder.
   *
   * @throws ConfigException naming the run that holds it
   */
  Held take(Owner claimant) throws IOException {
    List<Claim> dead = new ArrayList<>();
    for (Claim other : others(claimant)) {
      if (isAlive(other)) {
        throw RunLock.held(folder, other.owner());
      }
      dead.add(other);
    }
    Owner owner = claimant.replacing(dead.stream().map(Claim::id).toList());
    Path file = new Path(folder, PREFIX + owner.id());
    try {
      RunLock.write(fileSystem.create(file, true), owner);
      awaitOthers(owner);
    } catch (IOException | RuntimeException e) {
      fileSystem.delete(file, false);
      throw e;
    }
    for (Claim claim : dead) {
      LOG.info("Took {} over from a run that has ended: {}", folder, claim.owner());
      fileSystem.delete(claim.file(), false);
    }
    return new Held(file, owner);
  }

  private boolean isAlive(Claim claim) throws IOException {
    try {
      return RunLock.isAlive(fileSystem, claim.file(), claim.owner());
    } catch (FileNotFoundException e) {
      return false; // withdrawn a moment ago
    }
  }

  /** Others that were not there before have begun since, and live. */
  private void awaitOthers(Owner owner) throws IOException {
    long start = System.nanoTime();
    while (true) {
      List<Claim> rivals =
          others(owner).stream().filter(other -> !owner.replaces().contains(other.id())).toList();
      if (rivals.isEmpty()) {
        return;
      }
      boolean givesWay = rivals.stream().anyMatch(other -> other.id().compareTo(owner.id()) < 0);
      if (givesWay || System.nanoTime() - start > PATIENCE_MILLIS * 1_000_000) {
        throw RunLock.held(folder, rivals.get(0).owner());
      }
      RunLock.sleep(POLL_MILLIS);
    }
  }

  /** The run that has taken the folder over from this one. */
  Optional<Owner> successorOf(Owner owner) throws IOException {
    return others(owner).stream()
        .flatMap(other -> other.owner().stream())
        .filter(other -> other.replaces().contains(owner.id()))
        .findFirst();
  }

  /** Removes a claim, and those it stands for: a dead run's last sign may have brought it back. */
  void withdraw(Owner owner) throws IOException {
    fileSystem.delete(new Path(folder, PREFIX + owner.id()), false);
    for (String dead : owner.replaces()) {
      fileSystem.delete(new Path(folder, PREFIX + dead), false);
    }
  }

  private List<Claim> others(Owner owner) throws IOException {
    List<Claim> others = new ArrayList<>();
    for (FileStatus file : fileSystem.listStatus(folder)) {
      String name = file.getPath().getName();
      if (!isClaim(name) || name.equals(PREFIX + owner.id())) {
        continue;
      }
      try {
        Optional<Owner> found = RunLock.read(fileSystem, file.getPath());
        others.add(new Claim(name.substring(PREFIX.length()), file.getPath(), found));
      } catch (FileNotFoundException e) {
        LOG.debug("{} was withdrawn a moment ago", name);
      }
    }
    return others;
  }
}
