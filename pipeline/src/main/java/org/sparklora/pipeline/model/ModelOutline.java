package org.sparklora.pipeline.model;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.ScratchFolder;

/**
 * What a model or an adapter says about itself, some kilobytes of many gigabytes: its settings, and
 * of each safetensors file the header alone, which tells names, types and shapes. A folder of this
 * machine holds them as long as this object is open. Its files have the length they have where the
 * weights are, which a header is held against, and are holes behind the header.
 *
 * <p>One thread makes and closes it; what it found may be read by many.
 */
public final class ModelOutline implements AutoCloseable {
  private static final String WEIGHTS = ".safetensors";
  private static final int LENGTH_BYTES = 8;

  /** What most headers have room in, so that one request brings them. */
  private static final int USUAL_BYTES = 100_000;

  /** Longer headers are refused by whoever reads them, so they are not fetched. */
  private static final int MAX_HEADER_BYTES = 100_000_000;

  private final ModelSource source;
  private final Optional<Path> scratch;
  private final Optional<Fetch> fetch;

  private ModelOutline(ModelSource source, Optional<Path> scratch, Optional<Fetch> fetch) {
    this.source = source;
    this.scratch = scratch;
    this.fetch = fetch;
  }

  /**
   * What a run on this machine would have to bring here first.
   *
   * @param name how the user named the model
   * @param files that the run reads
   * @param bytes of all of them
   * @param missingBytes of those that are not here yet
   * @param place where they are kept
   */
  public record Fetch(String name, int files, long bytes, long missingBytes, Path place) {

    static <T> Fetch of(
        String name,
        Collection<T> files,
        ToLongFunction<T> bytes,
        Predicate<T> isHere,
        Path place) {
      return new Fetch(
          name,
          files.size(),
          files.stream().mapToLong(bytes).sum(),
          files.stream().filter(isHere.negate()).mapToLong(bytes).sum(),
          place);
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%s has %,d bytes in %d files; %s in %s",
          name,
          bytes,
          files,
          missingBytes == 0
              ? "all of them are"
              : String.format(Locale.ROOT, "%,d have to be downloaded, the rest is", missingBytes),
          place);
    }
  }

  /** A folder elsewhere, of whose files parts can be read. */
  interface Remote {
    /** Names of the files that a run reads. */
    List<String> names() throws IOException;

    /**
     * A file's first bytes.
     *
     * @param count at most so many; the file may be shorter
     */
    byte[] front(String name, int count) throws IOException;

    /** How long a file is. */
    long bytes(String name);

    /** A whole file, which is small. */
    byte[] all(String name) throws IOException;

    /** What is missing on this machine. */
    Fetch fetch() throws IOException;
  }

  /** Of a folder of this machine, which is read where it is. */
  static ModelOutline of(LocalFolder folder) {
    return new ModelOutline(folder, Optional.empty(), Optional.empty());
  }

  static ModelOutline of(ModelReference reference, Remote remote) {
    try {
      Path scratch = ScratchFolder.create("outline");
      String last = reference.name().replaceFirst("/+$", "").replaceFirst(".*/", "");
      Path folder = Files.createDirectory(scratch.resolve(last));
      ModelOutline outline =
          new ModelOutline(
              LocalFolder.of(reference.name(), folder.toString()),
              Optional.of(scratch),
              Optional.of(remote.fetch()));
      try {
        write(remote, folder);
        return outline;
      } catch (IOException | RuntimeException e) {
        outline.close();
        throw e;
      }
    } catch (IOException e) {
      throw new ConfigException(
          reference.flag(), reference.name(), "it cannot be read: " + e.getMessage());
    }
  }

  private static void write(Remote remote, Path folder) throws IOException {
    for (String name : remote.names()) {
      if (name.endsWith(WEIGHTS)) {
        try (RandomAccessFile file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
          file.write(header(remote, name));
          file.setLength(remote.bytes(name));
        }
      } else if (ModelFiles.isSettings(name)) {
        Files.write(folder.resolve(name), remote.all(name));
      }
    }
  }

  /** The length and the JSON that begin the file; where the length cannot be right, less. */
  private static byte[] header(Remote remote, String name) throws IOException {
    byte[] front = remote.front(name, USUAL_BYTES);
    if (front.length < LENGTH_BYTES) {
      return front;
    }
    long bytes = ByteBuffer.wrap(front).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (bytes < 0 || bytes > MAX_HEADER_BYTES) {
      return Arrays.copyOf(front, LENGTH_BYTES);
    }
    int end = LENGTH_BYTES + (int) bytes;
    return end <= front.length ? Arrays.copyOf(front, end) : remote.front(name, end);
  }

  /** The folder, under the user's name of the model; gone when this is closed. */
  public ModelSource source() {
    return source;
  }

  /** What a run would bring here; empty for a folder of this machine. */
  public Optional<Fetch> fetch() {
    return fetch;
  }

  @Override
  public void close() throws IOException {
    if (scratch.isPresent()) {
      try (Stream<Path> all = Files.walk(scratch.get())) {
        for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
