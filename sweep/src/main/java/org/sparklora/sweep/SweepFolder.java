package org.sparklora.sweep;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.RunFolder;

/**
 * The folder of a sweep: its file, trials, tables and results. It belongs to one sweep, and only
 * one process at a time may open it.
 */
public record SweepFolder(RunFolder.Finished claim) implements AutoCloseable {
  static final String FILE_NAME = "sweep.yaml";

  /** Refuses a folder with another sweep or other files. */
  static void requireFree(Configuration hadoop, String name, SweepFile file) {
    Path path = new Path(name);
    try {
      FileSystem fileSystem = RunFolder.withoutChecksums(path.getFileSystem(hadoop));
      if (!fileSystem.exists(RunFolder.requireNoFile(fileSystem, name))) {
        return;
      }
      Optional<SweepFile> there = read(fileSystem, path);
      ConfigException.require(
          there.isPresent() || isEmpty(fileSystem, path),
          Flags.OUTPUT_DIR,
          name,
          "it holds something else than a sweep; name another folder");
      ConfigException.require(
          there.isEmpty() || there.get().hasTrialsOf(file),
          Flags.OUTPUT_DIR,
          name,
          "it holds another sweep (its %s differs from %s); name another folder"
              .formatted(FILE_NAME, file.place()));
    } catch (IOException e) {
      throw RunFolder.unusable(path, e);
    }
  }

  /**
   * Locks the folder and copies the sweep's file into it.
   *
   * @throws ConfigException if the folder has other contents, or another process holds it
   */
  public static SweepFolder open(Configuration hadoop, String name, SweepFile file) {
    requireFree(hadoop, name, file);
    Path path = new Path(name);
    try {
      path.getFileSystem(hadoop).mkdirs(path);
      RunFolder.Finished claim = RunFolder.claim(hadoop, name);
      try {
        SweepFolder folder = new SweepFolder(claim);
        if (!claim.fileSystem().exists(new Path(claim.path(), FILE_NAME))) { // else the same trials
          folder.write(FILE_NAME, Files.readAllBytes(java.nio.file.Path.of(file.place())));
        }
        return folder;
      } catch (IOException | RuntimeException e) {
        claim.close();
        throw e;
      }
    } catch (IOException e) {
      throw RunFolder.unusable(path, e);
    }
  }

  /** Whether a folder has no files but hidden ones, which a process killed in open() leaves. */
  private static boolean isEmpty(FileSystem fileSystem, Path folder) throws IOException {
    return Arrays.stream(fileSystem.listStatus(folder))
        .allMatch(status -> status.getPath().getName().startsWith("."));
  }

  private static Optional<SweepFile> read(FileSystem fileSystem, Path folder) throws IOException {
    Path file = new Path(folder, FILE_NAME);
    if (!fileSystem.exists(file)) {
      return Optional.empty();
    }
    java.nio.file.Path copy = Files.createTempFile("sweep", ".yaml");
    try (InputStream in = fileSystem.open(file)) {
      Files.write(copy, in.readAllBytes());
      return Optional.of(SweepFile.read(copy));
    } catch (ConfigException e) {
      throw new ConfigException(
          Flags.OUTPUT_DIR,
          folder,
          "its %s cannot be used (%s); name another folder"
              .formatted(FILE_NAME, e.getMessage().replace(copy.toString(), file.toString())));
    } finally {
      Files.delete(copy);
    }
  }

  /** Writes a file of the folder under a temporary name, then renames it. */
  public void write(String name, byte[] bytes) {
    try {
      write(claim.fileSystem(), claim.path(), name, bytes);
    } catch (IOException e) {
      throw RunFolder.unusable(claim.path(), e);
    }
  }

  static void write(FileSystem fileSystem, Path folder, String name, byte[] bytes)
      throws IOException {
    Path aside = new Path(folder, "." + name + ".part");
    try (OutputStream out = fileSystem.create(aside, true)) {
      out.write(bytes);
    }
    Path file = new Path(folder, name);
    fileSystem.delete(file, false);
    if (!fileSystem.rename(aside, file)) {
      throw new IOException("%s cannot be renamed to %s".formatted(aside, file));
    }
  }

  public void write(String name, String text) {
    write(name, text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    try {
      claim.close();
    } catch (IOException e) {
      throw RunFolder.unusable(claim.path(), e);
    }
  }
}
