package org.sparklora.pipeline.run;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;

/**
 * The folder of a training run, which is there while the run goes on: {@code metrics.jsonl} grows
 * in it, {@code checkpoint-N} folders appear whole, and at the end the results (see {@link
 * ResultFiles}). One run at a time holds it (see {@link RunLock}).
 *
 * <p>Everything is written into hidden places of the folder first and then renamed, so a killed run
 * leaves whole checkpoints and nothing that could be taken for one. Not thread-safe.
 */
public final class RunFolder implements AutoCloseable {
  /** {@code --resume_from_checkpoint true}: from the latest checkpoint of the folder. */
  public static final String LATEST = "true";

  private static final String PART = ".part-";
  private static final String CHECKPOINT = "checkpoint-";
  private static final Pattern CHECKPOINT_NAME = Pattern.compile(CHECKPOINT + "(\\d+)");
  private static final Logger LOG = LoggerFactory.getLogger(RunFolder.class);

  private final Configuration configuration;
  private final FileSystem fileSystem;
  private final Path folder;
  private final RunLock lock;
  private final List<String> replaced = new ArrayList<>();
  private Optional<Path> resumed = Optional.empty();

  private RunFolder(Configuration configuration, FileSystem fileSystem, Path folder, RunLock lock) {
    this.configuration = configuration;
    this.fileSystem = fileSystem;
    this.folder = folder;
    this.lock = lock;
  }

  /**
   * Takes a folder for a run.
   *
   * @param overwrite whether another run's results, logs and checkpoints may be replaced
   * @param resumeFrom a checkpoint's folder, or {@link #LATEST}; a folder without checkpoints is
   *     then begun anew
   * @throws ConfigException when another run holds the folder, it holds something that may not be
   *     replaced, or there is no such checkpoint
   */
  public static RunFolder open(
      Configuration configuration, String name, boolean overwrite, Optional<String> resumeFrom) {
    Path requested = new Path(name);
    try {
      FileSystem fileSystem = withoutChecksums(requested.getFileSystem(configuration));
      Path folder = fileSystem.makeQualified(requested);
      ConfigException.require(
          !fileSystem.exists(folder) || fileSystem.getFileStatus(folder).isDirectory(),
          "output_dir",
          name,
          "it is a file; name a folder");
      fileSystem.mkdirs(folder);
      RunFolder run =
          new RunFolder(configuration, fileSystem, folder, RunLock.acquire(fileSystem, folder));
      try {
        run.tidy();
        run.resumed = run.find(resumeFrom);
        run.requireFree(name, overwrite, resumeFrom);
        return run;
      } catch (IOException | RuntimeException e) {
        run.close();
        throw e;
      }
    } catch (IOException e) {
      throw new TableException(
          "Cannot use output folder %s (%s): check rights and room, or choose another --output_dir"
              .formatted(requested, e.getMessage()),
          e);
    }
  }

  /**
   * Hadoop's local file system would put a hidden checksum beside each file, and buffer rows that
   * are to be written through.
   */
  private static FileSystem withoutChecksums(FileSystem fileSystem) {
    return fileSystem instanceof LocalFileSystem local ? local.getRawFileSystem() : fileSystem;
  }

  /** Removes what a killed run was writing, and finishes results that were complete. */
  private void tidy() throws IOException {
    for (String name :
        names(name -> name.startsWith(PART) || name.startsWith(RunLock.FILE_NAME + "."))) {
      fileSystem.delete(new Path(folder, name), true);
    }
    new ResultFiles(fileSystem, folder).finish();
  }

  private Optional<Path> find(Optional<String> resumeFrom) throws IOException {
    if (resumeFrom.isEmpty()) {
      return Optional.empty();
    }
    List<Integer> steps = checkpoints();
    if (resumeFrom.get().equals(LATEST)) {
      if (steps.isEmpty()) {
        LOG.info("{} holds no checkpoint to resume from: starting from the beginning", folder);
        return Optional.empty();
      }
      return Optional.of(checkpoint(steps.get(steps.size() - 1)));
    }
    Path path = new Path(resumeFrom.get());
    FileSystem home = path.getFileSystem(configuration);
    ConfigException.require(
        home.exists(path) && home.getFileStatus(path).isDirectory(),
        "resume_from_checkpoint",
        path,
        "there is no such folder; "
            + (steps.isEmpty()
                ? "name a checkpoint-N folder of an earlier run"
                : "%s holds checkpoints of steps %s".formatted(folder, steps)));
    return Optional.of(home.makeQualified(path));
  }

  private void requireFree(String name, boolean overwrite, Optional<String> resumeFrom)
      throws IOException {
    List<String> results =
        names(
            file ->
                !file.equals(RunLock.FILE_NAME)
                    && !file.equals(MetricsLog.FILE_NAME)
                    && !CHECKPOINT_NAME.matcher(file).matches());
    if (overwrite) {
      replaced.addAll(results);
      return;
    }
    boolean goesOn =
        resumed.isPresent()
            ? resumed.get().getParent().equals(folder)
            : resumeFrom.isPresent() && results.isEmpty();
    List<Integer> steps = checkpoints();
    if (!goesOn) {
      ConfigException.require(
          results.isEmpty(),
          "output_dir",
          name,
          "it holds another run's results; name another folder, or replace them with --overwrite_output_dir");
      ConfigException.require(
          steps.isEmpty(),
          "output_dir",
          name,
          "it holds checkpoints of a run that was not finished, of steps %s; go on with --resume_from_checkpoint true, name another folder, or replace them with --overwrite_output_dir"
              .formatted(steps));
    }
    ConfigException.require(
        superseded().isEmpty(),
        "resume_from_checkpoint",
        resumed.map(Path::toString).orElse(""),
        "%s holds later checkpoints, of steps %s; go on from the latest with --resume_from_checkpoint true, or replace them with --overwrite_output_dir"
            .formatted(folder, superseded()));
  }

  /** Steps of the checkpoints that the run will make again. */
  private List<Integer> superseded() throws IOException {
    int from =
        resumed
            .filter(path -> path.getParent().equals(folder))
            .map(path -> step(path.getName()).orElse(0))
            .orElse(0);
    return checkpoints().stream().filter(step -> step > from).toList();
  }

  private static Optional<Integer> step(String name) {
    Matcher matcher = CHECKPOINT_NAME.matcher(name);
    return matcher.matches() ? Optional.of(Integer.valueOf(matcher.group(1))) : Optional.empty();
  }

  private List<String> names(Predicate<String> wanted) throws IOException {
    return Arrays.stream(fileSystem.listStatus(folder))
        .map(status -> status.getPath().getName())
        .filter(wanted)
        .sorted()
        .toList();
  }

  /** The checkpoint from which the run goes on; empty for a run from the beginning. */
  public Optional<Path> resumed() {
    return resumed;
  }

  /**
   * Removes another run's checkpoints, as far as this run does not go on from them, and begins or
   * goes on with {@code metrics.jsonl}.
   *
   * @param earlierRows what was logged up to the checkpoint; empty for a new run
   */
  public MetricsLog begin(List<Map<String, Object>> earlierRows) {
    try {
      for (int step : superseded()) {
        fileSystem.delete(checkpoint(step), true);
      }
    } catch (IOException e) {
      throw failed("clear", folder, e);
    }
    return MetricsLog.open(fileSystem, folder, earlierRows);
  }

  /** Where the checkpoint of a step lies. */
  public Path checkpoint(int step) {
    return new Path(folder, CHECKPOINT + step);
  }

  /** The steps of all checkpoints, ascending. */
  public List<Integer> checkpoints() {
    try {
      List<Integer> steps = new ArrayList<>();
      for (FileStatus status : fileSystem.listStatus(folder)) {
        if (status.isDirectory()) {
          step(status.getPath().getName()).ifPresent(steps::add);
        }
      }
      steps.sort(null);
      return steps;
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
   * Saves a checkpoint: it appears when it is whole.
   *
   * @throws TableException when it cannot be written; earlier checkpoints stay
   */
  public void saveCheckpoint(int step, Writer writer) {
    save(
        CHECKPOINT + step,
        writer,
        part -> {
          fileSystem.delete(checkpoint(step), true);
          Renaming.rename(fileSystem, part, checkpoint(step));
        });
  }

  /**
   * Saves the run's results in the folder itself.
   *
   * @throws TableException when they cannot be written; checkpoints, and the results of a run
   *     before this one, stay
   */
  public void saveResults(Writer writer) {
    save("results", writer, part -> new ResultFiles(fileSystem, folder).replace(part, replaced));
  }

  private interface Publication {
    void publish(Path part) throws IOException;
  }

  private void save(String what, Writer writer, Publication publication) {
    Path part = new Path(folder, PART + what);
    try {
      lock.requireHeld();
      java.nio.file.Path local = Files.createTempDirectory("spark-lora-" + what);
      try {
        writer.write(local);
        fileSystem.mkdirs(part);
        fileSystem.copyFromLocalFile(true, true, files(local), part);
      } finally {
        FileSystem.getLocal(configuration).delete(new Path(local.toUri()), true);
      }
      publication.publish(part);
    } catch (IOException e) {
      throw unsaved(what, part, e);
    }
  }

  private static Path[] files(java.nio.file.Path local) throws IOException {
    try (var files = Files.list(local)) {
      return files.map(file -> new Path(file.toUri())).sorted().toArray(Path[]::new);
    }
  }

  /** Deletes a checkpoint. */
  public void deleteCheckpoint(int step) {
    // renamed first, so that a run that is killed meanwhile leaves no half of it
    Path part = new Path(folder, PART + CHECKPOINT + step);
    try {
      Renaming.rename(fileSystem, checkpoint(step), part);
      fileSystem.delete(part, true);
    } catch (IOException e) {
      throw failed("delete", checkpoint(step), e);
    }
  }

  private TableException unsaved(String what, Path part, IOException cause) {
    try {
      fileSystem.delete(part, true); // on a full disk the room is needed
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
    List<Integer> steps = checkpoints();
    String remedy =
        steps.isEmpty()
            ? "make room or choose another --output_dir"
            : "make room and go on from checkpoint-%d, which is whole, with --resume_from_checkpoint true"
                .formatted(steps.get(steps.size() - 1));
    return new TableException(
        "Cannot save %s in %s (%s): %s".formatted(what, folder, cause.getMessage(), remedy), cause);
  }

  private static TableException failed(String what, Path path, IOException cause) {
    return new TableException(
        "Cannot %s %s (%s): check rights and room".formatted(what, path, cause.getMessage()),
        cause);
  }

  /** Gives the folder back; of a run that saved nothing, nothing stays. */
  @Override
  public void close() {
    try {
      if (!lock.isHeld()) {
        lock.close();
        return;
      }
      List<String> left = names(name -> !name.equals(RunLock.FILE_NAME));
      if (left.equals(List.of(MetricsLog.FILE_NAME))) {
        fileSystem.delete(new Path(folder, MetricsLog.FILE_NAME), false);
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
