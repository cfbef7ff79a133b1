package org.sparklora.pipeline.model;

import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.net.NetUtils;
import org.sparklora.hub.TransferListener;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.FileStamp;
import org.sparklora.pipeline.run.PrivateFolder;
import org.sparklora.pipeline.run.Progress;
import org.sparklora.pipeline.run.ScratchPlace;
import org.sparklora.pipeline.table.Sha256;

/**
 * The folder on this node's disk to which a model of a Hadoop file system is copied once, for all
 * JVMs and runs that read the same files: {@code STAGING/FINGERPRINT/NAME}, with the fingerprint of
 * the listing.
 *
 * <p>Each file is written under a temporary name, checked and renamed, under a lock shared by all
 * JVMs of the node, so that a file with its final name is complete. A hidden file beside it holds
 * its checksum, which is compared again whenever the stage is reused.
 */
final class Stage {
  private static final int CHUNK_BYTES = 1 << 20;
  private static final int SHOWN_DIGITS = 16;
  private static final String CHECKSUM = ".crc32c";
  private static final Map<Path, Object> IN_PROCESS = new ConcurrentHashMap<>();

  private final ModelReference reference;
  private final String uri;
  private final List<ModelFile> files;
  private final Path ours; // writable for this user only
  private final Path folder;

  /**
   * @param files the files to stage; the content of files without a checksum is not compared
   */
  Stage(ModelReference reference, String uri, List<ModelFile> files) {
    this.reference = reference;
    this.uri = uri;
    this.files = files;
    String name = new org.apache.hadoop.fs.Path(uri).getName();
    String fingerprint = fingerprint(uri, files);
    String given = reference.stagingDir();
    // the user's folder may be writable for all users, its subfolder may not
    this.ours =
        given.isBlank()
            ? ScratchPlace.lasting().resolve("spark-lora-" + System.getProperty("user.name"))
            : Path.of(given, fingerprint).toAbsolutePath();
    this.folder = (given.isBlank() ? ours.resolve(fingerprint) : ours).resolve(name);
  }

  private static String fingerprint(String uri, List<ModelFile> files) {
    StringBuilder listing = new StringBuilder(uri);
    files.forEach(
        file -> listing.append("\n%s %s %s".formatted(file.name(), file.bytes(), file.version())));
    return Sha256.hex(listing.toString()).substring(0, SHOWN_DIGITS);
  }

  /** The folder of the files after {@link #fill}. */
  Path folder() {
    return folder;
  }

  /**
   * Copies the missing files.
   *
   * @return the files with the checksums of their copies
   * @throws ConfigException if a file changed or disappeared since listing, or cannot be copied
   */
  List<ModelFile> fill(Configuration hadoop) {
    // a file lock excludes other JVMs only; other models may be staged concurrently
    synchronized (IN_PROCESS.computeIfAbsent(folder, path -> new Object())) {
      requireOwn();
      try {
        Files.createDirectories(folder);
        try (FileChannel channel =
                FileChannel.open(
                    folder.resolveSibling(".lock"),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE);
            FileLock lock = channel.lock()) {
          assert lock.isValid();
          return fillLocked(new org.apache.hadoop.fs.Path(uri), hadoop);
        }
      } catch (IOException e) {
        throw failed(
            "it cannot be staged in %s (%s); make room there or name another folder with --staging_dir"
                .formatted(folder, e.getMessage()));
      }
    }
  }

  private void requireOwn() {
    try {
      PrivateFolder.open(ours);
    } catch (IOException e) {
      throw failed(
          "it cannot be staged where others could change it (%s); name a folder of your own with --staging_dir"
              .formatted(e.getMessage()));
    }
  }

  private List<ModelFile> fillLocked(org.apache.hadoop.fs.Path source, Configuration hadoop)
      throws IOException {
    List<ModelFile> staged = new ArrayList<>();
    List<ModelFile> missing = new ArrayList<>();
    for (ModelFile file : files) {
      Optional<ModelFile> earlier = earlierCopy(file);
      (earlier.isPresent() ? staged : missing).add(earlier.orElse(file));
    }
    if (!missing.isEmpty()) {
      staged.addAll(copy(source.getFileSystem(hadoop), source, missing));
    }
    staged.sort(ModelFiles.BY_NAME);
    return List.copyOf(staged);
  }

  /** The file if it was staged before and is undamaged. */
  private Optional<ModelFile> earlierCopy(ModelFile file) throws IOException {
    Path copy = folder.resolve(file.name());
    Path note = hidden(file, CHECKSUM);
    String expected =
        file.isRead() || !Files.exists(note) ? file.crc32c() : Files.readString(note).strip();
    boolean whole = new FileStamp(file.bytes(), expected).damageOf(copy).isEmpty();
    return whole ? Optional.of(file.read(expected)) : Optional.empty();
  }

  /** A hidden file beside the copy. */
  private Path hidden(ModelFile file, String suffix) {
    Path copy = folder.resolve(file.name());
    return copy.resolveSibling("." + copy.getFileName() + suffix);
  }

  private List<ModelFile> copy(
      FileSystem fileSystem, org.apache.hadoop.fs.Path source, List<ModelFile> missing)
      throws IOException {
    long total = missing.stream().mapToLong(ModelFile::bytes).sum();
    ScratchPlace.requireRoom(folder, total);
    String shown = "stage " + folder.getFileName();
    TransferListener progress = Progress.ofTransfer();
    List<ModelFile> copied = new ArrayList<>();
    long before = 0;
    for (ModelFile file : missing) {
      long done = before;
      copied.add(
          copy(
              fileSystem,
              new org.apache.hadoop.fs.Path(source, file.name()),
              file,
              bytes -> progress.progress(shown, done + bytes, total, 0)));
      before += file.bytes();
    }
    return copied;
  }

  private ModelFile copy(
      FileSystem fileSystem, org.apache.hadoop.fs.Path source, ModelFile file, LongConsumer meter)
      throws IOException {
    requireUnchanged(fileSystem, source, file);
    Path part = hidden(file, ".part");
    Files.createDirectories(part.getParent());
    CRC32C checksum = new CRC32C();
    long bytes = 0;
    try (InputStream in = fileSystem.open(source);
        FileOutputStream out = new FileOutputStream(part.toFile())) {
      byte[] chunk = new byte[CHUNK_BYTES];
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        checksum.update(chunk, 0, count);
        out.write(chunk, 0, count);
        bytes += count;
        meter.accept(bytes);
      }
      out.getFD().sync(); // the bytes must be on disk before the rename
    }
    requireUnchanged(fileSystem, source, file);
    String crc32c = FileStamp.hexadecimal(checksum);
    if (bytes != file.bytes() || (file.isRead() && !crc32c.equals(file.crc32c()))) {
      Files.delete(part);
      throw changed(file);
    }
    Files.writeString(hidden(file, CHECKSUM), crc32c);
    Files.move(part, folder.resolve(file.name()), StandardCopyOption.ATOMIC_MOVE);
    return file.read(crc32c);
  }

  private void requireUnchanged(
      FileSystem fileSystem, org.apache.hadoop.fs.Path source, ModelFile file) throws IOException {
    try {
      FileStatus now = fileSystem.getFileStatus(source);
      String version = FileStamp.version(fileSystem, now);
      if (now.getLen() != file.bytes() || !version.equals(file.version())) {
        throw changed(file);
      }
    } catch (FileNotFoundException e) {
      throw failed(
          "its file %s is gone since the run began; put it back and start the run again"
              .formatted(file.name()));
    }
  }

  private ConfigException changed(ModelFile file) {
    return failed(
        "its file %s changed since the run began; leave the model as it is while a run uses it, and start the run again"
            .formatted(file.name()));
  }

  private ConfigException failed(String problem) {
    return new ConfigException(
        reference.flag(),
        reference.name(),
        "%s (machine %s)".formatted(problem, NetUtils.getLocalHostname()));
  }
}
