package org.sparklora.pipeline.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.RootCause;
import org.sparklora.pipeline.table.TableException;

/**
 * A result folder that is either complete or absent: a run writes into {@code .NAME.inprogress-…}
 * beside it, which {@link #commit} renames.
 *
 * <p>A killed run leaves the result folder unchanged and the in-progress folder behind, which the
 * next run for the same result removes. A lock beside it tells whether a run is alive (see {@link
 * RunLock}). On Hadoop file systems with atomic rename (HDFS, local) an incomplete result folder is
 * never visible; in an object store the next run completes it (see {@link Renaming}). Not
 * thread-safe; one object per run.
 */
public final class OutputFolder implements AutoCloseable {
  private static final String IN_PROGRESS = ".inprogress-";
  private static final String REPLACED = ".replaced-";
  private static final String LOCK = ".lock";
  private static final int ID_CHARACTERS = 8;

  private final FileSystem fileSystem;
  private final Path target;
  private final Path work;

  /** The folder of the earlier results while the new ones are renamed. */
  private final Path replaced;

  private final boolean overwrite;
  private final RunLock lock;
  private boolean committed;

  private OutputFolder(FileSystem fileSystem, Path target, boolean overwrite) throws IOException {
    String id = UUID.randomUUID().toString().substring(0, ID_CHARACTERS);
    this.fileSystem = fileSystem;
    this.target = target;
    this.overwrite = overwrite;
    this.work = sibling(target, IN_PROGRESS + id);
    this.replaced = sibling(target, REPLACED + id);
    this.lock = RunLock.acquireFile(fileSystem, sibling(target, IN_PROGRESS + id + LOCK));
  }

  /**
   * Checks that the folder may be written and creates the in-progress folder.
   *
   * @param overwrite whether results of a command are replaced (when the new ones are complete)
   * @throws ConfigException when it is a file, or holds files that may not be replaced
   */
  public static OutputFolder create(Configuration configuration, String folder, boolean overwrite) {
    Path requested = new Path(folder);
    try {
      FileSystem fileSystem = requested.getFileSystem(configuration);
      Path target = followed(fileSystem.makeQualified(requested));
      if (!fileSystem.mkdirs(target.getParent())) {
        throw new IOException("mkdirs answered no");
      }
      sweep(fileSystem, target);
      requireFree(fileSystem, target, folder, overwrite);
      OutputFolder output = new OutputFolder(fileSystem, target, overwrite);
      try {
        output.requireMovable(folder);
        if (!fileSystem.mkdirs(output.work)) {
          throw new IOException("mkdirs answered no");
        }
        return output;
      } catch (IOException | RuntimeException e) {
        output.close();
        throw e;
      }
    } catch (IOException e) {
      throw failed("create", requested, e);
    }
  }

  /** Throws, before any work, if {@link #create} would refuse the folder. */
  public static void requireUsable(Configuration configuration, String folder, boolean overwrite) {
    Path requested = new Path(folder);
    try {
      FileSystem fileSystem = requested.getFileSystem(configuration);
      Path target = followed(fileSystem.makeQualified(requested));
      if (!target.isRoot() && fileSystem.exists(target)) {
        sweep(fileSystem, target); // results that are refused should be complete
      }
      requireFree(fileSystem, target, folder, overwrite);
    } catch (IOException e) {
      throw failed("look at", requested, e);
    }
  }

  /**
   * Refuses a folder that is, or holds, what the run reads: replacing the folder would delete it.
   *
   * @param read files and folders
   */
  public static void requireApart(
      Configuration configuration, String folder, Collection<Path> read) {
    Path requested = new Path(folder);
    try {
      FileSystem fileSystem = requested.getFileSystem(configuration);
      String target = slashed(fileSystem.makeQualified(requested));
      for (Path input : read) {
        boolean isNamed = input.toUri().getScheme() != null; // else of the default file system
        Path at = isNamed ? input : FileSystem.get(configuration).makeQualified(input);
        ConfigException.require(
            pathIn(fileSystem, at).filter(path -> path.startsWith(target)).isEmpty(),
            Flags.OUTPUT_DIR,
            folder,
            "it is or holds %s, which is read; name another folder".formatted(input));
      }
    } catch (IOException e) {
      throw failed("look at", requested, e);
    }
  }

  /**
   * The path that a file or folder has in a file system, with a slash at its end; empty if it lies
   * in another one. Host and port are not compared as texts: a port may be left out, and hosts may
   * be written in letters of either case.
   */
  private static Optional<String> pathIn(FileSystem fileSystem, Path path) throws IOException {
    Path qualified;
    try {
      qualified = fileSystem.makeQualified(path); // checks them as the file system does
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    URI named = path.toUri(); // Azure's client makes every path one of its own
    return isSame(named.getScheme(), qualified.toUri().getScheme())
            && isSame(named.getAuthority(), qualified.toUri().getAuthority())
        ? Optional.of(slashed(qualified))
        : Optional.empty();
  }

  private static String slashed(Path qualified) throws IOException {
    return followed(qualified).toUri().getPath() + "/";
  }

  private static boolean isSame(String named, String qualified) {
    return named == null || named.equalsIgnoreCase(qualified);
  }

  /** The path of a folder, ending in its name, which {@code .} and {@code ..} lack. */
  public static String named(String folder) {
    Path path = new Path(folder);
    if (!List.of("", "..").contains(path.getName())) {
      return folder;
    }
    try {
      return path.getFileSystem(HadoopSettings.configuration()).makeQualified(path).toString();
    } catch (IOException e) {
      throw failed("look at", path, e);
    }
  }

  /** Removes files of killed runs beside a result that is used without being rewritten. */
  public static void tidy(Configuration configuration, Path folder) {
    try {
      FileSystem fileSystem = folder.getFileSystem(configuration);
      sweep(fileSystem, followed(fileSystem.makeQualified(folder)));
    } catch (IOException e) {
      throw failed("clean up", folder, e);
    }
  }

  /** A local path without symlinks: their targets are replaced, the links stay. */
  static Path followed(Path target) throws IOException {
    if (!"file".equals(target.toUri().getScheme())) {
      return target;
    }
    java.nio.file.Path local = java.nio.file.Path.of(target.toUri().getPath());
    if (!Files.exists(local) && !Files.isSymbolicLink(local)) {
      return target;
    }
    java.nio.file.Path there =
        Files.exists(local)
            ? local.toRealPath()
            : local.resolveSibling(Files.readSymbolicLink(local)).normalize();
    return new Path("file", null, there.toString());
  }

  private static void requireFree(
      FileSystem fileSystem, Path target, String folder, boolean overwrite) throws IOException {
    RunFolder.requireNoFile(fileSystem, folder);
    if (fileSystem.exists(target)) {
      List<String> names = new FolderContents(fileSystem, target).names(any -> true);
      List<String> kept = overwrite ? OwnFiles.foreign(names) : names;
      FolderContents.requireNone(folder, kept.stream(), overwrite);
    }
  }

  /**
   * Refuses, before any work, a local folder that {@link #commit} could not rename, such as a mount
   * point: renames it and back.
   */
  private void requireMovable(String folder) throws IOException {
    if (!"file".equals(target.toUri().getScheme()) || !fileSystem.exists(target)) {
      return;
    }
    java.nio.file.Path there = java.nio.file.Path.of(target.toUri().getPath());
    java.nio.file.Path aside = java.nio.file.Path.of(replaced.toUri().getPath());
    try {
      Files.move(there, aside, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new ConfigException(
          Flags.OUTPUT_DIR,
          folder,
          "it cannot be renamed (%s), as results are when they are complete; if it is a mount point, name a folder in it"
              .formatted(RootCause.reason(e)));
    }
    Files.move(aside, there, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Removes files of killed runs; restores results that a run was killed while replacing. */
  private static void sweep(FileSystem fileSystem, Path target) throws IOException {
    for (String id : unfinished(fileSystem, target)) {
      Path lock = sibling(target, IN_PROGRESS + id + LOCK);
      if (RunLock.mayLive(fileSystem, lock)) {
        continue;
      }
      Path replaced = sibling(target, REPLACED + id);
      Renaming.finish(fileSystem, target.getParent(), sibling(target, IN_PROGRESS + id).getName());
      Renaming.finish(fileSystem, target.getParent(), replaced.getName());
      if (fileSystem.exists(replaced) && !fileSystem.exists(target)) {
        Renaming.rename(fileSystem, replaced, target);
      }
      fileSystem.delete(replaced, true);
      fileSystem.delete(sibling(target, IN_PROGRESS + id), true);
      fileSystem.delete(lock, false);
    }
  }

  /** The ids of runs with files beside the target. */
  private static Set<String> unfinished(FileSystem fileSystem, Path target) throws IOException {
    Set<String> ids = new TreeSet<>();
    for (FileStatus file : fileSystem.listStatus(target.getParent())) {
      String name = file.getPath().getName();
      for (String marker : List.of(IN_PROGRESS, REPLACED)) {
        String start = sibling(target, marker).getName();
        if (name.startsWith(start) && name.length() >= start.length() + ID_CHARACTERS) {
          ids.add(name.substring(start.length(), start.length() + ID_CHARACTERS));
        }
      }
    }
    return ids;
  }

  private static Path sibling(Path target, String name) {
    return new Path(target.getParent(), "." + target.getName() + name);
  }

  /** The in-progress folder, on the same file system as the target. */
  public Path work() {
    return work;
  }

  /**
   * Makes the results visible under their name.
   *
   * @param scratch folders in {@link #work} that are deleted before
   * @throws TableException if other results, which may not be replaced, have appeared meanwhile:
   *     these results are then beside them
   */
  public void commit(Path... scratch) {
    commit(overwrite, scratch);
  }

  /** Like {@link #commit}, for results that equal those of concurrent runs, which are replaced. */
  public void replace(Path... scratch) {
    commit(true, scratch);
  }

  private void commit(boolean replaces, Path... scratch) {
    try {
      lock.requireHeld(); // a run that declared this one dead has removed its files
      for (Path folder : scratch) {
        fileSystem.delete(folder, true);
      }
      deleteChecksums();
      boolean filled =
          fileSystem.exists(target)
              && !new FolderContents(fileSystem, target).names(any -> true).isEmpty();
      if (filled && !replaces) {
        String name = work.getName().substring(1).replace(IN_PROGRESS, "-");
        Renaming.rename(fileSystem, work, new Path(target.getParent(), name));
        committed = true;
        throw new TableException(
            "Cannot write %s: another run has finished its results there meanwhile; the results of this run are in %s beside it: rename that folder"
                .formatted(target, name));
      }
      if (fileSystem.exists(target)) {
        Renaming.rename(fileSystem, target, replaced);
        Renaming.rename(fileSystem, work, target);
        fileSystem.delete(replaced, true);
      } else {
        Renaming.rename(fileSystem, work, target);
      }
      committed = true;
    } catch (IOException e) {
      throw failed("finish", target, e);
    }
  }

  /**
   * Deletes the hidden .crc files: Hadoop's local file system would refuse a table that was edited
   * or copied without them.
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

  /** Deletes the in-progress folder unless its commit began. */
  @Override
  public void close() {
    try (lock) {
      if (!committed && !Renaming.isBegun(fileSystem, work)) {
        fileSystem.delete(work, true);
      }
    } catch (IOException e) {
      throw failed("clean up", work, e);
    }
  }

  /** The exception for a folder that cannot be read or written. */
  static TableException failed(String what, Path path, IOException cause) {
    return new TableException(
        "Cannot %s output folder %s (%s): check rights and room, or choose another --output_dir"
            .formatted(what, path, cause.getMessage()),
        cause);
  }
}
