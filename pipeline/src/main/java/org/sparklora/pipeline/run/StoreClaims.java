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
 * The claims of runs on a folder of an {@link ObjectStore}, where no file can be created
 * exclusively: one file per run, {@code .run.lock-ID}.
 *
 * <p>A run writes its claim and then lists the claims. It holds the folder if no other claim is
 * alive. Two runs cannot both hold it, however slow the store is: the later writer would have
 * listed the earlier claim. Of runs that begin at the same time the one with the smallest id waits
 * for the others to withdraw.
 *
 * <p>The run that takes over deletes the dead claim and names it in its own claim, since a late
 * renewal by the dead run may write the dead claim again. A run whose claim is so named writes
 * nothing more. A write in progress when a run is declared dead cannot be undone.
 */
record StoreClaims(FileSystem fileSystem, Path folder) {
  private static final String PREFIX = RunLock.FILE_NAME + "-";
  private static final long PATIENCE_MILLIS = 10_000;
  private static final long POLL_MILLIS = 200;
  private static final Logger LOG = LoggerFactory.getLogger(StoreClaims.class);

  static boolean isClaim(String name) {
    return name.startsWith(PREFIX);
  }

  private record Claim(String id, Path file, Optional<Owner> owner) {}

  /** A claim that holds the folder. */
  record Held(Path file, Owner owner) {}

  /** Acquires the folder, or throws a {@link ConfigException} naming the run that holds it. */
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
      LOG.info("Took {} over from {}", folder, RunLock.ended(claim.owner()));
      fileSystem.delete(claim.file(), false);
    }
    return new Held(file, owner);
  }

  private boolean isAlive(Claim claim) throws IOException {
    try {
      return RunLock.isAlive(fileSystem, claim.file(), claim.owner());
    } catch (FileNotFoundException e) {
      return false; // withdrawn concurrently
    }
  }

  /** Waits until runs that began at the same time withdraw, or gives way to them. */
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

  /** Deletes a claim and those it replaces, which late renewals may have written again. */
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
