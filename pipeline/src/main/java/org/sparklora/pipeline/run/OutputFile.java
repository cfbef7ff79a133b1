package org.sparklora.pipeline.run;

import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.LocalPath;
import org.sparklora.pipeline.config.RootCause;
import org.sparklora.pipeline.table.TableException;

/**
 * A local text file that a command writes to the user's path, as other programs do:
 *
 * <ul>
 *   <li>a new file is written under a temporary name and renamed when complete;
 *   <li>an existing file is refused unless it may be overwritten, and stays until the new one is
 *       complete;
 *   <li>a symlink is followed;
 *   <li>a device, a pipe or a stream of this process ({@code /dev/stdout}) is written to, never
 *       replaced.
 * </ul>
 *
 * <p>A file whose name ends in {@code .gz} is compressed. Not thread-safe.
 */
public final class OutputFile implements Closeable {
  private static final int MOST_LINKS = 40; // the kernel's limit
  private static final Pattern STREAM = Pattern.compile("/dev/fd/\\d+|/proc/[^/]+/fd/\\d+");
  private static final Map<String, FileDescriptor> OWN_STREAMS =
      Map.of(
          "/dev/stdout", FileDescriptor.out,
          "/dev/fd/1", FileDescriptor.out,
          "/proc/self/fd/1", FileDescriptor.out,
          "/dev/stderr", FileDescriptor.err,
          "/dev/fd/2", FileDescriptor.err,
          "/proc/self/fd/2", FileDescriptor.err);

  private final Path file;
  private final boolean overwrite;

  /** The temporary file, renamed to the file at the end; empty for a stream. */
  private final Optional<Path> aside;

  private final BufferedWriter out;
  private boolean broken;

  private OutputFile(Path file, boolean overwrite, Optional<Path> aside, OutputStream bytes)
      throws IOException {
    this.file = file;
    this.overwrite = overwrite;
    this.aside = aside;
    boolean zipped = file.getFileName() != null && file.getFileName().toString().endsWith(".gz");
    this.out =
        new BufferedWriter(
            new OutputStreamWriter(
                zipped ? new GZIPOutputStream(bytes) : bytes, StandardCharsets.UTF_8));
  }

  /**
   * Opens a file for writing; creates the folders above it.
   *
   * @param key the setting that names it
   * @param overwrite whether an existing file may be replaced
   * @throws ConfigException if it cannot be written, or exists and may not be replaced
   */
  public static OutputFile open(String key, String name, boolean overwrite) {
    try {
      Path named = LocalPath.of(key, name);
      if (isStream(named)) {
        return new OutputFile(named, true, Optional.empty(), straight(named));
      }
      requireFree(key, name, named, overwrite);
      Path file = followed(named);
      Path folder = file.toAbsolutePath().getParent();
      Files.createDirectories(folder);
      Path aside =
          folder.resolve(
              ".%s.%s.part"
                  .formatted(file.getFileName(), UUID.randomUUID().toString().substring(0, 8)));
      aside.toFile().deleteOnExit(); // in case the process is stopped before close()
      return new OutputFile(
          file,
          overwrite,
          Optional.of(aside),
          Files.newOutputStream(aside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    } catch (IOException | IllegalArgumentException e) { // the latter for an invalid name
      throw new ConfigException(
          key,
          name,
          "it cannot be written (%s); name a file in a folder that can"
              .formatted(RootCause.reason(e)));
    }
  }

  private static void requireFree(String key, String name, Path named, boolean overwrite) {
    ConfigException.require(
        !Files.isDirectory(named), key, name, "it is a folder; name a file in it");
    ConfigException.require(
        overwrite || !Files.exists(named),
        key,
        name,
        "there is such a file already; name another, or replace it with --overwrite_output_dir");
  }

  /** Whether a name is that of a device, a pipe or a stream, which is never replaced. */
  public static boolean isStream(String name) {
    try {
      return isStream(Path.of(name));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static boolean isStream(Path file) {
    boolean special = Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file);
    String name = file.toAbsolutePath().normalize().toString();
    return special || OWN_STREAMS.containsKey(name) || STREAM.matcher(name).matches();
  }

  private static OutputStream straight(Path stream) throws IOException {
    FileDescriptor own = OWN_STREAMS.get(stream.toAbsolutePath().normalize().toString());
    if (own == null) {
      // a file behind a descriptor may hold output of other programs
      return Files.isRegularFile(stream)
          ? Files.newOutputStream(stream, StandardOpenOption.WRITE, StandardOpenOption.APPEND)
          : Files.newOutputStream(stream, StandardOpenOption.WRITE);
    }
    return new FilterOutputStream(new FileOutputStream(own)) {
      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
      }

      @Override
      public void close() throws IOException {
        flush(); // the process still writes to this stream
      }
    };
  }

  /** The target of symlinks, which need not exist. */
  private static Path followed(Path file) throws IOException {
    Path at = file;
    for (int links = 0; Files.isSymbolicLink(at); links++) {
      if (links == MOST_LINKS) {
        throw new FileSystemException(file.toString(), null, "too many symlinks");
      }
      at = at.resolveSibling(Files.readSymbolicLink(at));
    }
    return at;
  }

  /**
   * Writes text.
   *
   * @throws TableException when the disk is full, or the pipe has no reader
   */
  public void write(String text) {
    try {
      out.write(text);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Flushes the rest; the file appears under its name.
   *
   * @throws TableException when the disk is full, or another program created the file meanwhile
   */
  public void finish() {
    try {
      out.close();
      if (aside.isPresent() && overwrite) {
        Files.move(aside.get(), file, StandardCopyOption.REPLACE_EXISTING);
      } else if (aside.isPresent()) {
        moveToNew(aside.get());
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private void moveToNew(Path complete) throws IOException {
    try {
      Files.move(complete, file);
    } catch (FileAlreadyExistsException e) {
      // without the dot: the process deletes the temporary name when it ends
      Path kept = complete.resolveSibling(complete.getFileName().toString().substring(1));
      Files.move(complete, kept);
      throw new TableException(
          "Cannot write %s: another program has written such a file meanwhile; this output is in %s, rename it"
              .formatted(file, kept),
          e);
    }
  }

  private TableException failed(IOException e) {
    broken = true;
    return new TableException(
        "Cannot write %s (%s): make room, or choose another --output"
            .formatted(file, RootCause.reason(e)),
        e);
  }

  /** Deletes the temporary file if {@link #finish} did not rename it. */
  @Override
  public void close() throws IOException {
    try {
      if (!broken) {
        out.close();
      }
    } catch (IOException e) {
      throw failed(e);
    } finally {
      if (aside.isPresent()) {
        Files.deleteIfExists(aside.get());
      }
    }
  }
}
