package org.sparklora.pipeline.run;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileUtil;

/**
 * Local temporary folders of this process, in one parent that is deleted when the process ends; the
 * parent of a killed process is deleted when another process creates such folders.
 *
 * <p>{@code spark-lora-scratch-….lock} beside the parent is locked as long as its process lives:
 * the operating system releases the lock however the process ends. Thread-safe.
 */
public final class ScratchFolder {
  private static final String PREFIX = "spark-lora-scratch-";
  private static final String LOCK = ".lock";

  /** By scratch place: each Spark session may name another one. */
  private static final Map<Path, ScratchFolder> OF_THIS_PROCESS = new HashMap<>();

  private final Path folder;
  private final Path lockFile;

  /** Holds the lock until the process ends. */
  private final FileChannel lock;

  private ScratchFolder(Path lockFile) throws IOException {
    this.lockFile = lockFile;
    this.lock = FileChannel.open(lockFile, StandardOpenOption.WRITE);
    this.folder = folderOf(lockFile);
    if (lock.tryLock() == null) {
      throw new IOException("another process has taken the new file " + lockFile);
    }
  }

  /** A new folder in the {@link ScratchPlace}, for the caller to delete. */
  public static synchronized Path create(String what) throws IOException {
    // not by two names: closing a second channel of the own lock's file may release the lock
    Path parent = ScratchPlace.folder().toRealPath();
    ScratchFolder ofThisProcess = OF_THIS_PROCESS.get(parent);
    if (ofThisProcess == null) {
      sweep(parent);
      ofThisProcess = new ScratchFolder(Files.createTempFile(parent, PREFIX, LOCK));
      OF_THIS_PROCESS.put(parent, ofThisProcess);
      Runtime.getRuntime().addShutdownHook(new Thread(ofThisProcess::delete));
    }
    PrivateFolder.open(ofThisProcess.folder); // its name is predictable from the lock's
    return Files.createTempDirectory(ofThisProcess.folder, what + "-");
  }

  /** Deletes the folders of processes that have ended. */
  static void sweep(Path parent) throws IOException {
    List<Path> locks;
    try (Stream<Path> files = Files.list(parent)) {
      locks =
          files
              .filter(file -> file.getFileName().toString().startsWith(PREFIX))
              .filter(file -> file.getFileName().toString().endsWith(LOCK))
              .toList();
    }
    for (Path file : locks) {
      if (!PrivateFolder.isOwn(file)) {
        continue; // a lock of another user may name any folder
      }
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        if (channel.tryLock() != null) {
          deleteAll(folderOf(file));
          Files.deleteIfExists(file);
        }
      } catch (IOException e) {
        // another process is deleting it
      }
    }
  }

  private static Path folderOf(Path lockFile) {
    String name = lockFile.getFileName().toString();
    return lockFile.resolveSibling(name.substring(0, name.length() - LOCK.length()));
  }

  private void delete() {
    try {
      deleteAll(folder);
      Files.deleteIfExists(lockFile);
    } catch (IOException e) {
      // the next process deletes it
    }
  }

  /** Deletes a folder with all files in it, if it exists. */
  public static void deleteAll(Path folder) throws IOException {
    if (!FileUtil.fullyDelete(folder.toFile()) && Files.exists(folder)) {
      throw new IOException("%s cannot be deleted".formatted(folder));
    }
  }
}
