package org.sparklora.pipeline.run;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.functional.ConsumerRaisingIOE;
import org.sparklora.pipeline.table.TableException;

/**
 * Saves files in a run's folder: writes them under a hidden name, then renames them, while the run
 * holds the folder. Thread-safe for saves of different names: a thread saves checkpoints while
 * another saves rounds.
 */
record Saving(FileSystem fileSystem, Path folder, RunLock lock, FolderContents contents) {
  /** Prefix of the names of incomplete files and folders. */
  static final String PART = ".part-";

  /**
   * Writes files into a local temporary folder, copies them to a hidden folder in the run's folder,
   * and then publishes them.
   *
   * @param what name of the saved files, for messages and the hidden folder's name
   * @param publication renames the complete hidden folder
   * @throws TableException when they cannot be written
   */
  void save(String what, RunFolder.Writer writer, ConsumerRaisingIOE<Path> publication) {
    Path part = part(what);
    try {
      requireHeld();
      LocalDisk.use(() -> bring(what, writer, part));
      requireHeld(); // the copy may have taken long
      LocalDisk.use(() -> publication.accept(part));
    } catch (IOException e) {
      throw unsaved(what, part, e);
    }
  }

  /** A hidden path of this run alone: a run that was declared dead may still be writing. */
  Path part(String what) {
    return new Path(folder, PART + lock.id() + "-" + what);
  }

  /** Checks that the run holds the folder; to be called before each change. */
  void requireHeld() throws IOException {
    lock.requireHeld();
  }

  private void bring(String what, RunFolder.Writer writer, Path part) throws IOException {
    java.nio.file.Path local = ScratchFolder.create(what);
    try {
      writeLocally(writer, local);
      fileSystem.mkdirs(part);
      fileSystem.copyFromLocalFile(true, true, files(local), part);
    } finally {
      ScratchFolder.deleteAll(local);
    }
  }

  /** Runs the writer; the message for a full temporary disk names the temporary folder. */
  private static void writeLocally(RunFolder.Writer writer, java.nio.file.Path local)
      throws IOException {
    try {
      writer.write(local);
    } catch (IOException e) {
      throw new IOException(
          "in the temporary folder %s: %s".formatted(local.getParent(), e.getMessage()), e);
    }
  }

  private static Path[] files(java.nio.file.Path local) throws IOException {
    try (var files = Files.list(local)) {
      return files.map(file -> new Path(file.toUri())).sorted().toArray(Path[]::new);
    }
  }

  private TableException unsaved(String what, Path part, IOException cause) {
    try {
      if (!Renaming.isBegun(fileSystem, part)) { // otherwise the next run finishes the rename
        fileSystem.delete(part, true); // frees room on a full disk
      }
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
    List<Integer> steps;
    try {
      steps = contents.checkpoints();
    } catch (IOException e) {
      cause.addSuppressed(e);
      steps = List.of();
    }
    String remedy =
        steps.isEmpty()
            ? "make room or choose another --output_dir"
            : "make room and go on from checkpoint-%s, which is whole, with --resume_from_checkpoint true"
                .formatted(steps.get(steps.size() - 1));
    return new TableException(
        "Cannot save %s in %s (%s): %s".formatted(what, folder, cause.getMessage(), remedy), cause);
  }
}
