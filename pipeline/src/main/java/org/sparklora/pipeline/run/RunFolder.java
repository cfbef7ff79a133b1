package org.sparklora.pipeline.run;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.TableException;

/**
 * The folder of a training run: {@code metrics.jsonl} grows in it during the run, complete {@code
 * checkpoint-N} folders appear, and at the end the results (see {@link ResultFiles}). One run at a
 * time holds it (see {@link RunLock}).
 *
 * <p>Checkpoints and results are first written under hidden names in the folder and then renamed,
 * so a killed run leaves only complete checkpoints; in an object store the next run completes a
 * rename (see {@link Renaming}). Not thread-safe.
 */
public final class RunFolder implements AutoCloseable {
  /** {@code --resume_from_checkpoint true}: from the latest checkpoint of the folder. */
  public static final String LATEST = "true";

  /** The folder of trackers' files in the run's folder, as in transformers. */
  public static final String TRACKERS = "runs";

  /** The folder of the tables of logged completions, named as in TRL. */
  public static final String COMPLETIONS = "completions";

  /** The folder of the rounds of {@code grpo}, one folder per round: {@link RoundFolders}. */
  public static final String ROUNDS = "rounds";

  /** The folder of adapters that servers load while a run trains. */
  public static final String ADAPTERS = "vllm-adapters";

  /** The logs of a run, and its adapters for servers; they are not results. */
  static final List<String> LOGS = List.of(TRACKERS, ADAPTERS, MetricsLog.FILE_NAME);

  private final FileSystem fileSystem;
  private final Path folder;
  private final RunLock lock;
  private final FolderContents contents;
  private final Saving saving;
  private boolean begun;
  private boolean replaces;
  private List<String> replaced = List.of();
  private Optional<Path> resumed = Optional.empty();
  private final List<SaveListener> listeners = new ArrayList<>();

  private RunFolder(FileSystem fileSystem, Path folder, RunLock lock) {
    this.fileSystem = fileSystem;
    this.folder = folder;
    this.lock = lock;
    this.contents = new FolderContents(fileSystem, folder);
    this.saving = new Saving(fileSystem, folder, lock, contents);
  }

  /**
   * Acquires a folder for a run.
   *
   * @param overwrite whether another run's results, logs and checkpoints may be replaced; other
   *     files beside them stay, and a folder that is not known to be a run's is refused
   * @param resumeFrom a checkpoint's folder, or {@link #LATEST}, which begins a new run in a folder
   *     without checkpoints
   * @throws ConfigException when another run holds the folder, it holds files that may not be
   *     replaced, or the checkpoint does not exist
   */
  public static RunFolder open(
      Configuration configuration, String name, boolean overwrite, Optional<String> resumeFrom) {
    Path requested = new Path(name);
    try {
      FileSystem fileSystem = withoutChecksums(requested.getFileSystem(configuration));
      Path folder = requireNoFile(fileSystem, name);
      fileSystem.mkdirs(folder);
      RunFolder run = new RunFolder(fileSystem, folder, RunLock.acquire(fileSystem, folder));
      try {
        run.tidy();
        run.resumed = run.contents.find(configuration, resumeFrom);
        boolean goesOn = run.resumed.filter(from -> folder.equals(from.getParent())).isPresent();
        run.replaces = overwrite && !goesOn;
        if (overwrite) {
          run.replaced = run.contents.replaceable(name);
        } else {
          run.contents.requireFree(name, resumeFrom, run.resumed);
        }
        return run;
      } catch (IOException | RuntimeException e) {
        run.close();
        throw e;
      }
    } catch (IOException e) {
      throw unusable(requested, e);
    }
  }

  /**
   * Checks, before any work, that {@link #open} would accept the folder.
   *
   * @throws ConfigException if it would not; a run that resumes is only checked by {@link #open}
   */
  public static void requireUsable(
      Configuration configuration, String name, boolean overwrite, Optional<String> resumeFrom) {
    Path requested = new Path(name);
    try {
      FileSystem fileSystem = withoutChecksums(requested.getFileSystem(configuration));
      Path folder = requireNoFile(fileSystem, name);
      FolderContents contents = new FolderContents(fileSystem, folder);
      if (fileSystem.exists(folder) && overwrite) {
        contents.replaceable(name);
      } else if (fileSystem.exists(folder) && resumeFrom.isEmpty()) {
        contents.requireFree(name, resumeFrom, Optional.empty());
      }
    } catch (IOException e) {
      throw unusable(requested, e);
    }
  }

  /** The path of a folder that may not exist yet; refuses a file. */
  public static Path requireNoFile(FileSystem fileSystem, String name) throws IOException {
    Path folder = fileSystem.makeQualified(new Path(name));
    ConfigException.require(
        !fileSystem.exists(folder) || fileSystem.getFileStatus(folder).isDirectory(),
        Flags.OUTPUT_DIR,
        name,
        "it is a file; name a folder");
    return folder;
  }

  /** The exception for a folder that cannot be read or written. */
  public static TableException unusable(Path requested, IOException e) {
    return OutputFolder.failed("use", requested, e);
  }

  /**
   * The local file system without checksums: it would put a hidden checksum beside each file, and
   * buffer rows that must be flushed.
   */
  public static FileSystem withoutChecksums(FileSystem fileSystem) {
    return fileSystem instanceof LocalFileSystem local ? local.getRawFileSystem() : fileSystem;
  }

  /** Finishes a killed run's renames, deletes its incomplete files, and moves complete results. */
  private void tidy() throws IOException {
    Renaming.finish(fileSystem, folder, Saving.PART); // other processes rename tables here, too
    for (String name :
        contents.names(
            name -> name.startsWith(Saving.PART) || name.startsWith(RunLock.FILE_NAME + "."))) {
      fileSystem.delete(new Path(folder, name), true);
    }
    MetricsLog.restore(fileSystem, folder);
    new ResultFiles(fileSystem, folder).finish();
  }

  /** The folder of a run that is not active; no run can begin in it until this is closed. */
  public record Finished(FileSystem fileSystem, Path path, Closeable claim) implements Closeable {
    @Override
    public void close() throws IOException {
      claim.close();
    }
  }

  /**
   * Acquires the folder of a finished or stopped run, to add files other than results.
   *
   * @throws ConfigException if there is no such folder, or a run is active in it
   */
  public static Finished claim(Configuration configuration, String name) throws IOException {
    Path requested = new Path(name);
    FileSystem fileSystem = withoutChecksums(requested.getFileSystem(configuration));
    Path folder = fileSystem.makeQualified(requested);
    ConfigException.require(
        fileSystem.exists(folder) && fileSystem.getFileStatus(folder).isDirectory(),
        Flags.RUN,
        name,
        "there is no such folder; name the --output_dir of a run");
    return new Finished(fileSystem, folder, RunLock.acquire(fileSystem, folder));
  }

  /** Whether the folder's contents are another run's, which this run replaces. */
  public boolean replaces() {
    return replaces;
  }

  public Path path() {
    return folder;
  }

  public FileSystem fileSystem() {
    return fileSystem;
  }

  /** The checkpoint that the run resumes from; empty for a new run. */
  public Optional<Path> resumed() {
    return resumed;
  }

  /**
   * Deletes checkpoints later than the resumed one and, for a new run, logs and tables of an
   * earlier run; then begins or resumes {@code metrics.jsonl}.
   *
   * @param earlierRows rows logged up to the checkpoint; empty for a new run
   */
  public MetricsLog begin(List<Map<String, Object>> earlierRows) {
    begun = true;
    try {
      contents.superseded(resumed).forEach(this::deleteCheckpoint);
      if (replaces || earlierRows.isEmpty()) {
        fileSystem.delete(new Path(folder, TRACKERS), true);
      }
      if (replaces || resumed.isEmpty()) {
        fileSystem.delete(new Path(folder, COMPLETIONS), true);
      }
      if (!replaced.isEmpty() && resumed.isEmpty()) {
        fileSystem.delete(new Path(folder, ROUNDS), true);
      }
      if (replaces) { // last, since a folder without it may be a user's
        fileSystem.delete(new Path(folder, MetricsLog.FILE_NAME), false);
      }
    } catch (IOException e) {
      throw failed("clear", folder, e);
    }
    return MetricsLog.open(fileSystem, folder, earlierRows, lock::requireHeld);
  }

  /** Is notified of saved checkpoints and results when they are complete. */
  public interface SaveListener {
    void checkpointSaved(int step, Path checkpoint);

    void resultsSaved(Path folder);

    /** Whether the listener still reads the checkpoint of a step. */
    boolean reads(int step);

    /** Waits until the listener has read all checkpoints. */
    void close();
  }

  public void whenSaved(SaveListener listener) {
    listeners.add(listener);
  }

  /**
   * Whether a file or folder in a run's folder is a result or a log of the run; false for
   * checkpoints, tables of rounds and adapters for servers.
   */
  public static boolean isResult(String name) {
    return !isCheckpoint(name) && !name.equals(ROUNDS) && !name.equals(ADAPTERS);
  }

  public static boolean isCheckpoint(String name) {
    return name.startsWith(FolderContents.CHECKPOINT);
  }

  /** The tables that rounds of generation and update write for one another. */
  public RoundFolders rounds() {
    return new RoundFolders(fileSystem, new Path(folder, ROUNDS), saving);
  }

  public Path checkpoint(int step) {
    return contents.checkpoint(step);
  }

  /** The checkpoints in a run's folder, in the order of their steps. */
  public static List<Path> checkpoints(Configuration hadoop, String folder) throws IOException {
    Path path = new Path(folder);
    FileSystem fileSystem = path.getFileSystem(hadoop);
    FolderContents contents = new FolderContents(fileSystem, path);
    List<Integer> steps = fileSystem.exists(path) ? contents.checkpoints() : List.of();
    return steps.stream().map(contents::checkpoint).toList();
  }

  /** The steps of all checkpoints, ascending. */
  public List<Integer> checkpoints() {
    try {
      return contents.checkpoints();
    } catch (FileNotFoundException e) {
      return List.of(); // a run that saved nothing leaves no folder
    } catch (IOException e) {
      throw failed("list", folder, e);
    }
  }

  /** Writes the files of a checkpoint, or of the results, into an empty local folder. */
  @FunctionalInterface
  public interface Writer {
    void write(java.nio.file.Path local) throws IOException;
  }

  /**
   * Saves a checkpoint, which appears when it is complete.
   *
   * @throws TableException when it cannot be written; earlier checkpoints stay
   */
  public void saveCheckpoint(int step, Writer writer) {
    saving.save(
        FolderContents.CHECKPOINT + step,
        writer,
        part -> {
          fileSystem.delete(checkpoint(step), true);
          Renaming.rename(fileSystem, part, checkpoint(step));
        });
    listeners.forEach(listener -> listener.checkpointSaved(step, checkpoint(step)));
  }

  /**
   * Saves the run's results in the folder itself.
   *
   * @throws TableException when they cannot be written; checkpoints and earlier results stay
   */
  public void saveResults(Writer writer) {
    saving.save(
        "results", writer, part -> new ResultFiles(fileSystem, folder).replace(part, replaced));
  }

  /** Notifies the listeners of saved results. */
  public void announceResults() {
    listeners.forEach(listener -> listener.resultsSaved(folder));
  }

  /**
   * Saves tables of completions in the folder {@code completions}; each appears when it is
   * complete, and replaces one of the same name.
   *
   * @throws TableException when they cannot be written
   */
  public void saveCompletions(Writer writer) {
    saving.save(
        COMPLETIONS,
        writer,
        part -> {
          Path target = new Path(folder, COMPLETIONS);
          fileSystem.mkdirs(target);
          for (FileStatus file : fileSystem.listStatus(part)) {
            Path whole = new Path(target, file.getPath().getName());
            fileSystem.delete(whole, false);
            Renaming.rename(fileSystem, file.getPath(), whole);
          }
          fileSystem.delete(part, true);
        });
  }

  /** Deletes a checkpoint, unless a listener reads it. */
  public void deleteCheckpoint(int step) {
    if (listeners.stream().anyMatch(listener -> listener.reads(step))) {
      return;
    }
    // renamed first, so that a killed run leaves no incomplete checkpoint
    Path part = saving.part(FolderContents.CHECKPOINT + step);
    try {
      saving.requireHeld();
      Renaming.rename(fileSystem, checkpoint(step), part);
      fileSystem.delete(part, true);
    } catch (IOException e) {
      throw failed("delete", checkpoint(step), e);
    }
  }

  static TableException failed(String what, Path path, IOException cause) {
    return new TableException(
        "Cannot %s %s (%s): check rights and room".formatted(what, path, cause.getMessage()),
        cause);
  }

  /** Releases the folder; a run that saved nothing leaves no folder. */
  @Override
  public void close() {
    listeners.forEach(SaveListener::close);
    try {
      if (!lock.isHeld()) {
        lock.close();
        return;
      }
      List<String> left = contents.names(name -> !RunLock.isLock(name));
      if (begun && LOGS.containsAll(left)) { // else the logs are another run's
        for (String log : LOGS) { // metrics.jsonl last, as in begin
          fileSystem.delete(new Path(folder, log), true);
        }
        left = List.of();
      }
      lock.close();
      if (left.isEmpty()) {
        fileSystem.delete(folder, false);
      }
    } catch (IOException e) {
      throw failed("leave", folder, e);
    }
  }
}
