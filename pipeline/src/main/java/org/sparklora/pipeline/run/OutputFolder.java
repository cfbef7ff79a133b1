package org.sparklora.pipeline.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;

/**
 * A result folder that is either whole or not there: a run writes into {@code .NAME.inprogress-…}
 * beside it, and {@link #commit} renames.
 *
 * <p>A run that is killed leaves the in-progress folder behind and the result folder as it was. On
 * Hadoop file systems with atomic rename (HDFS, local) nobody ever sees half a folder. Not
 * thread-safe; one object per run.
 */
public final class OutputFolder implements AutoCloseable {
  private static final String IN_PROGRESS = ".inprogress-";
  private static final String REPLACED = ".replaced-";

  private final FileSystem fileSystem;
  private final Path target;
  private final Path work;
  private boolean committed;

  private OutputFolder(FileSystem fileSystem, Path target, Path work) {
    this.fileSystem = fileSystem;
    this.target = target;
    this.work = work;
  }

  /**
   * Checks that the folder may be written and creates the one that is written meanwhile.
   *
   * @param overwrite whether results that are there are replaced (when the new ones are whole)
   * @throws ConfigException when the folder holds something and may not be overwritten
   */
  public static OutputFolder create(Configuration configuration, String folder, boolean overwrite) {
    Path requested = new Path(folder);
    try {
      FileSystem fileSystem = requested.getFileSystem(configuration);
      Path target = fileSystem.makeQualified(requested);
      requireFree(fileSystem, target, folder, overwrite);
      Path work = sibling(target, IN_PROGRESS);
      if (!fileSystem.mkdirs(work)) {
        throw new IOException("mkdirs answered no");
      }
      return new OutputFolder(fileSystem, target, work);
    } catch (IOException e) {
      throw failed("create", requested, e);
    }
  }

  private static void requireFree(
      FileSystem fileSystem, Path target, String folder, boolean overwrite) throws IOException {
    if (overwrite || !fileSystem.exists(target)) {
      return;
    }
    ConfigException.require(
        fileSystem.getFileStatus(target).isDirectory(),
        "output_dir",
        folder,
        "it is a file; name a folder");
    ConfigException.require(
        fileSystem.listStatus(target).length == 0,
        "output_dir",
        folder,
        "it holds another run's results; name another folder, or replace them with --overwrite_output_dir");
  }

  private static Path sibling(Path target, String marker) {
    String unique = UUID.randomUUID().toString().substring(0, 8);
    return new Path(target.getParent(), "." + target.getName() + marker + unique);
  }

  /** Where to write meanwhile; a folder on the same file system. */
  public Path work() {
    return work;
  }

  /** Where the results will lie. */
  public Path target() {
    return target;
  }

  /** Makes the results visible under their name. */
  public void commit() {
    try {
      deleteChecksums();
      if (fileSystem.exists(target)) {
        Path old = sibling(target, REPLACED);
        Renaming.rename(fileSystem, target, old);
        Renaming.rename(fileSystem, work, target);
        fileSystem.delete(old, true);
      } else {
        Renaming.rename(fileSystem, work, target);
      }
      committed = true;
    } catch (IOException e) {
      throw failed("finish", target, e);
    }
  }

  /**
   * Hadoop's local file system refuses a file whose hidden .crc beside it is stale, so edited or
   * copied tables must not have any.
   */
  private void deleteChecksums() throws IOException {
    URI uri = work.toUri();
    if (!"file".equals(uri.getScheme())) {
      return;
    }
    try (var files = Files.walk(java.nio.file.Path.of(uri.getPath()))) {
      for (java.nio.file.Path file : files.filter(f -> f.toString().endsWith(".crc")).toList()) {
        Files.delete(file);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Removes what was written unless it was committed. */
  @Override
  public void close() {
    if (committed) {
      return;
    }
    try {
      fileSystem.delete(work, true);
    } catch (IOException e) {
      throw failed("clean up", work, e);
    }
  }

  private static TableException failed(String what, Path path, IOException cause) {
    return new TableException(
        "Cannot %s output folder %s (%s): check rights and room, or choose another --output_dir"
            .formatted(what, path, cause.getMessage()),
        cause);
  }
}
