package org.sparklora.pipeline.model;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.util.functional.BiFunctionRaisingIOE;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.ScratchFolder;

/**
 * The settings of a model or an adapter and the headers of its safetensors files, which tell names,
 * types and shapes: some kilobytes of many gigabytes. A local folder holds them as long as this
 * object is open. Its files are sparse after the header, and have their original length, against
 * which a header is checked.
 *
 * <p>One thread makes and closes an outline; many threads may read it.
 *
 * @param source the local folder, under the user's name
 * @param scratch the fetched folder, which {@link #close} deletes; empty for a local one
 * @param fetch the files that a run would fetch; empty for a local folder
 */
public record ModelOutline(ModelSource source, Optional<Path> scratch, Optional<Fetch> fetch)
    implements AutoCloseable {
  private static final String WEIGHTS = ".safetensors";
  private static final int LENGTH_BYTES = 8;

  /** Bytes of the first request, enough for most headers. */
  private static final int USUAL_BYTES = 100_000;

  /** The longest header fetched; readers refuse longer headers. */
  private static final int MAX_HEADER_BYTES = 100_000_000;

  /**
   * The files that a run on this node would have to fetch first.
   *
   * @param files number of files that the run reads
   * @param bytes size of all files
   * @param missingBytes size of the files that are not yet local
   */
  public record Fetch(String name, int files, long bytes, long missingBytes, Path place) {

    /**
     * @param bytes the size of each file by name
     * @param folder the local folder of files that need no download
     */
    static Fetch of(String name, Map<String, Long> bytes, Path folder, Path place) {
      long all = bytes.values().stream().mapToLong(Long::longValue).sum();
      long missing =
          bytes.keySet().stream()
              .filter(file -> !Files.exists(folder.resolve(file)))
              .mapToLong(bytes::get)
              .sum();
      return new Fetch(name, bytes.size(), all, missing, place);
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

  /**
   * A remote folder, from whose files parts can be read.
   *
   * @param bytes the length of each file that a run reads, by name
   * @param front reads the first bytes of a file, at most a number of them
   * @param fetch the files that are missing on this node
   */
  record Remote(
      Map<String, Long> bytes, BiFunctionRaisingIOE<String, Integer, byte[]> front, Fetch fetch) {}

  /** The outline of a local folder, which is read in place. */
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
              LocalFolder.of(reference, folder), Optional.of(scratch), Optional.of(remote.fetch()));
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
    for (String name : remote.bytes().keySet()) {
      if (name.endsWith(WEIGHTS)) {
        try (RandomAccessFile file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
          file.write(header(remote, name));
          file.setLength(remote.bytes().get(name));
        }
      } else if (ModelFiles.isSettings(name)) {
        Files.write(folder.resolve(name), remote.front().apply(name, Integer.MAX_VALUE));
      }
    }
  }

  /** The length field and the JSON at the start of the file; less if the length is invalid. */
  private static byte[] header(Remote remote, String name) throws IOException {
    byte[] front = remote.front().apply(name, USUAL_BYTES);
    if (front.length < LENGTH_BYTES) {
      return front;
    }
    long bytes = ByteBuffer.wrap(front).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (bytes < 0 || bytes > MAX_HEADER_BYTES) {
      return Arrays.copyOf(front, LENGTH_BYTES);
    }
    int end = LENGTH_BYTES + (int) bytes;
    return end <= front.length ? Arrays.copyOf(front, end) : remote.front().apply(name, end);
  }

  @Override
  public void close() throws IOException {
    if (scratch.isPresent()) {
      ScratchFolder.deleteAll(scratch.get());
    }
  }
}
