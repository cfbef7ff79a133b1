package org.sparklora.pipeline.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.net.NetUtils;
import org.apache.hadoop.util.ShutdownHookManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/**
 * A run's lock on its folder: the file {@code .run.lock}, which names the process that holds it and
 * whose modification time this process renews.
 *
 * <p>A lock is dead when its process has ended (see {@link RunningProcess}), or, if that is not
 * visible from here, when it is not renewed while it is watched (see {@link Heartbeat}); a dead
 * lock is taken over. In an {@link ObjectStore} each run has a file of its own (see {@link
 * StoreClaims}), which it rewrites to renew it. A process that shuts down normally releases its
 * locks, even those of unfinished runs. Thread-safe.
 */
final class RunLock implements Closeable {
  static final String FILE_NAME = ".run.lock";

  private static final Logger LOG = LoggerFactory.getLogger(RunLock.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FileSystem fileSystem;
  private final Path file;
  private final Owner owner;
  private final ScheduledExecutorService heart;
  private final Runnable atProcessEnd = this::closeAtProcessEnd;

  /**
   * The holder of a folder.
   *
   * @param space the namespace of {@code pid}, with {@code process} the start of the process in it:
   *     see {@link RunningProcess}
   * @param since when it acquired the folder, in ISO 8601
   * @param replaces ids of dead runs whose claims this owner took over
   */
  record Owner(
      String host,
      String space,
      long pid,
      String process,
      String since,
      String id,
      List<String> replaces) {
    Owner {
      space = space == null ? "" : space; // older files have neither space nor replaces
      replaces = replaces == null ? List.of() : List.copyOf(replaces);
    }

    static Owner current() {
      RunningProcess here = RunningProcess.current();
      return new Owner(
          NetUtils.getLocalHostname(),
          here.space(),
          here.pid(),
          here.start(),
          Instant.now().toString(),
          UUID.randomUUID().toString(),
          List.of());
    }

    Owner replacing(List<String> dead) {
      return new Owner(host, space, pid, process, since, id, dead);
    }

    /** The holder's name in messages. */
    String name() {
      return "process %s on %s".formatted(pid, host);
    }

    /** Whether the process runs; empty if only its heartbeat can tell. */
    Optional<Boolean> isRunning() {
      return new RunningProcess(space, pid, process).isRunning();
    }
  }

  private RunLock(FileSystem fileSystem, Path file, Owner owner) {
    this.fileSystem = fileSystem;
    this.file = file;
    this.owner = owner;
    this.heart =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "run lock of " + file.getParent().getName());
              thread.setDaemon(true);
              return thread;
            });
    long beat = Heartbeat.beatMillis();
    heart.scheduleWithFixedDelay(this::beat, beat, beat, TimeUnit.MILLISECONDS);
    // without this hook other nodes would have to wait minutes for the lock to age; the priority
    // runs it before Hadoop's file systems are closed
    ShutdownHookManager.get().addShutdownHook(atProcessEnd, FileSystem.SHUTDOWN_HOOK_PRIORITY + 1);
  }

  /** Acquires the folder, or throws a {@link ConfigException} naming the run that holds it. */
  static RunLock acquire(FileSystem fileSystem, Path folder) throws IOException {
    if (ObjectStore.is(fileSystem)) {
      StoreClaims.Held held = new StoreClaims(fileSystem, folder).take(Owner.current());
      return new RunLock(fileSystem, held.file(), held.owner());
    }
    return acquireFile(fileSystem, new Path(folder, FILE_NAME));
  }

  static boolean isLock(String name) {
    return name.equals(FILE_NAME) || StoreClaims.isClaim(name);
  }

  /** Acquires a lock file; in an object store no other process may use a lock of this name. */
  static RunLock acquireFile(FileSystem fileSystem, Path file) throws IOException {
    Owner owner = Owner.current();
    while (!create(fileSystem, file, owner)) {
      removeIfDead(fileSystem, file);
    }
    return new RunLock(fileSystem, file, owner);
  }

  private static boolean create(FileSystem fileSystem, Path file, Owner owner) throws IOException {
    OutputStream created;
    try {
      created = exclusive(fileSystem, file);
    } catch (FileAlreadyExistsException | org.apache.hadoop.fs.FileAlreadyExistsException e) {
      return false;
    }
    try {
      write(created, owner);
    } catch (IOException e) {
      fileSystem.delete(file, false); // on a full disk: an empty lock names no process
      throw e;
    }
    return true;
  }

  static void write(OutputStream created, Owner owner) throws IOException {
    LocalDisk.use(
        () -> {
          try (OutputStream out = created) {
            out.write(JSON.writeValueAsBytes(owner));
          }
        });
  }

  /** Creates a file atomically: Hadoop's local file system would check first and then create. */
  private static OutputStream exclusive(FileSystem fileSystem, Path file) throws IOException {
    return "file".equals(fileSystem.getUri().getScheme())
        ? Files.newOutputStream(
            java.nio.file.Path.of(file.toUri().getPath()), StandardOpenOption.CREATE_NEW)
        : fileSystem.create(file, false);
  }

  /** Whether a lock exists whose owner may be alive; decides without a long wait. */
  static boolean mayLive(FileSystem fileSystem, Path file) throws IOException {
    try {
      Optional<Boolean> running = read(fileSystem, file).flatMap(Owner::isRunning);
      return running.isPresent() ? running.get() : Heartbeat.mayLive(fileSystem, file);
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  /**
   * Whether the holder is alive; without a holder the lock is being written, or its writer died.
   */
  static boolean isAlive(FileSystem fileSystem, Path file, Optional<Owner> holder)
      throws IOException {
    Optional<Boolean> running = holder.flatMap(Owner::isRunning);
    return running.isPresent() ? running.get() : Heartbeat.isSeen(fileSystem, file, holder);
  }

  private static void removeIfDead(FileSystem fileSystem, Path file) throws IOException {
    Optional<Owner> holder;
    try {
      holder = read(fileSystem, file);
      if (isAlive(fileSystem, file, holder)) {
        throw held(file.getParent(), holder);
      }
    } catch (FileNotFoundException e) {
      return; // released concurrently
    }
    // renamed first: of two runs that found the lock dead only one can rename it
    Path dead = new Path(file.getParent(), file.getName() + "." + UUID.randomUUID());
    if (!fileSystem.rename(file, dead)) {
      return;
    }
    if (!read(fileSystem, dead).equals(holder)) {
      fileSystem.rename(dead, file); // another run has taken it over meanwhile
      return;
    }
    LOG.info("Took {} over from {}", file.getParent(), ended(holder));
    fileSystem.delete(dead, false);
  }

  static String ended(Optional<Owner> holder) {
    return holder
        .map(
            found ->
                "process %s on %s, which has ended; it had it since %s"
                    .formatted(found.pid(), found.host(), found.since()))
        .orElse("a run that ended as it began");
  }

  static ConfigException held(Path folder, Optional<Owner> holder) {
    return ConfigException.passing(
        Flags.OUTPUT_DIR,
        folder,
        holder
            .map(
                found ->
                    "%s has been writing to it since %s; wait for it, stop it, or name another folder"
                        .formatted(found.name(), found.since()))
            .orElse("another run is just beginning there; name another folder"));
  }

  static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting for another run", e);
    }
  }

  static Optional<Owner> read(FileSystem fileSystem, Path file) throws IOException {
    try (InputStream in = fileSystem.open(file)) {
      return Optional.of(JSON.readValue(in.readAllBytes(), Owner.class));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  synchronized void beat() {
    try {
      if (!isHeld()) {
        return; // must not renew a lock that another run has taken over
      }
      if (ObjectStore.is(fileSystem)) {
        write(fileSystem.create(file, true), owner);
      } else {
        fileSystem.setTimes(file, System.currentTimeMillis(), -1);
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("Cannot renew {}: {}", file, e.getMessage());
    }
  }

  /**
   * Checks that no other run has taken the folder over.
   *
   * @throws ConfigException naming the other run, or if the lock was deleted
   */
  void requireHeld() throws IOException {
    Optional<Owner> holder = holder();
    if (holder.isEmpty()) {
      throw new ConfigException(
          Flags.OUTPUT_DIR,
          file.getParent(),
          "this run's claim on it, %s, was removed; nothing more is written"
              .formatted(file.getName()));
    }
    ConfigException.require(
        holder.equals(Optional.of(owner)),
        Flags.OUTPUT_DIR,
        file.getParent(),
        "%s took it over, since this run gave no sign for minutes: it was stopped, or its disk hung; nothing more is written. Let that run end, or stop it and go on from its last checkpoint with --resume_from_checkpoint true"
            .formatted(holder.get().name()));
  }

  /** The unique id of this lock's owner. */
  String id() {
    return owner.id();
  }

  /** Whether no other run has taken the folder over. */
  boolean isHeld() throws IOException {
    return holder().equals(Optional.of(owner));
  }

  private synchronized Optional<Owner> holder() throws IOException {
    try {
      if (StoreClaims.isClaim(file.getName())) {
        Optional<Owner> successor =
            new StoreClaims(fileSystem, file.getParent()).successorOf(owner);
        return successor.isPresent() ? successor : read(fileSystem, file);
      }
      return read(fileSystem, file);
    } catch (FileNotFoundException e) {
      return Optional.empty(); // deleted by a user
    }
  }

  /** Releases the folder, unless another run has taken it over. */
  @Override
  public void close() throws IOException {
    heart.shutdown();
    awaitLastBeat(); // a late beat would rewrite the file
    withdraw();
    ShutdownHookManager hooks = ShutdownHookManager.get();
    if (!hooks.isShutdownInProgress()) {
      hooks.removeShutdownHook(atProcessEnd);
    }
  }

  private synchronized void withdraw() throws IOException {
    if (StoreClaims.isClaim(file.getName())) {
      new StoreClaims(fileSystem, file.getParent()).withdraw(owner);
    } else if (isHeld()) {
      fileSystem.delete(file, false);
    }
  }

  private void closeAtProcessEnd() {
    try {
      close();
    } catch (IOException | RuntimeException e) {
      LOG.warn("Cannot give {} back: {}", file, e.getMessage());
    }
  }

  private void awaitLastBeat() {
    try {
      if (!heart.awaitTermination(Heartbeat.beatMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("{} does not answer", file);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
