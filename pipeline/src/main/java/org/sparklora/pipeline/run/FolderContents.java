package org.sparklora.pipeline.run;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/**
 * The contents of a run's folder, {@code checkpoint-N} folders and another run's results. Decides
 * whether a run may begin in the folder or resume from it.
 */
record FolderContents(FileSystem fileSystem, Path folder) {
  static final String CHECKPOINT = "checkpoint-";

  private static final int SHOWN = 3;
  private static final Pattern CHECKPOINT_NAME = Pattern.compile(CHECKPOINT + "(0|[1-9]\\d{0,8})");
  private static final Logger LOG = LoggerFactory.getLogger(FolderContents.class);

  /**
   * The checkpoint to resume from.
   *
   * @param resumeFrom a folder, or {@link RunFolder#LATEST}: the latest in this folder, if it has
   *     one
   * @throws ConfigException if the named folder does not exist
   */
  Optional<Path> find(Configuration configuration, Optional<String> resumeFrom) throws IOException {
    if (resumeFrom.isEmpty()) {
      return Optional.empty();
    }
    List<Integer> steps = checkpoints();
    if (resumeFrom.get().equals(RunFolder.LATEST)) {
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
        Flags.RESUME_FROM_CHECKPOINT,
        path,
        "there is no such folder; "
            + (steps.isEmpty()
                ? "name a checkpoint-N folder of an earlier run"
                : "%s holds checkpoints of steps %s".formatted(folder, steps)));
    Path found = OutputFolder.followed(home.makeQualified(path));
    boolean isHere = OutputFolder.followed(folder).equals(found.getParent());
    return Optional.of(isHere ? new Path(folder, found.getName()) : found);
  }

  /** The names of files but checkpoints, tables of rounds and, in a run's folder, its logs. */
  private List<String> results() throws IOException {
    boolean logged = fileSystem.exists(new Path(folder, MetricsLog.FILE_NAME)) || isOfRun();
    return names(
        name ->
            !OwnFiles.isHidden(name)
                && !name.equals(RunFolder.ROUNDS)
                && !CHECKPOINT_NAME.matcher(name).matches()
                && !(logged
                    && (RunFolder.LOGS.contains(name) || name.equals(RunFolder.COMPLETIONS))));
  }

  /** Whether a run has left results or checkpoints, which hold its settings, in the folder. */
  private boolean isOfRun() throws IOException {
    boolean is = OwnFiles.areOfRun(names(any -> true));
    for (int step : checkpoints()) {
      FolderContents checkpoint = new FolderContents(fileSystem, checkpoint(step));
      is = is || OwnFiles.areOfRun(checkpoint.names(any -> true));
    }
    return is;
  }

  /**
   * The files of an earlier run's results, which a run may replace. A user's other files stay.
   *
   * @param name the user's name of the folder
   * @throws ConfigException if the folder holds files, but is not known to be a run's
   */
  List<String> replaceable(String name) throws IOException {
    List<String> results = results();
    if (!isOfRun()) {
      Stream<String> checkpoints = checkpoints().stream().map(step -> CHECKPOINT + step);
      requireNone(name, Stream.concat(results.stream(), checkpoints), true);
    }
    return results.stream().filter(OwnFiles::isOfRun).toList();
  }

  /**
   * Checks that a run may begin or resume here without replacing files of another run.
   *
   * @param name the user's name of the folder
   * @param resumed the result of {@link #find}
   * @throws ConfigException if the run would replace files
   */
  void requireFree(String name, Optional<String> resumeFrom, Optional<Path> resumed)
      throws IOException {
    List<String> results = results();
    boolean goesOn =
        resumed.isPresent()
            ? resumed.get().getParent().equals(folder)
            : resumeFrom.isPresent() && results.isEmpty();
    List<Integer> steps = checkpoints();
    if (!goesOn) {
      requireNone(name, results.stream(), false);
      ConfigException.require(
          steps.isEmpty(),
          Flags.OUTPUT_DIR,
          name,
          "it holds checkpoints of a run that was not finished, of steps %s; go on with --resume_from_checkpoint true, name another folder, or replace them with --overwrite_output_dir"
              .formatted(steps));
    }
    List<Integer> later = superseded(resumed);
    ConfigException.require(
        later.isEmpty(),
        Flags.RESUME_FROM_CHECKPOINT,
        resumed.map(Path::toString).orElse(""),
        "%s holds later checkpoints, of steps %s; go on from the latest with --resume_from_checkpoint true, or replace them with --overwrite_output_dir"
            .formatted(folder, later));
  }

  /**
   * Refuses a folder with such files.
   *
   * @param files names of the folder's files; with {@code overwrite} those that no command is known
   *     to have written
   */
  static void requireNone(String folder, Stream<String> files, boolean overwrite) {
    List<String> names = files.sorted().toList();
    String more = names.size() > SHOWN ? " and %s more".formatted(names.size() - SHOWN) : "";
    String shown = names.stream().limit(SHOWN).collect(Collectors.joining(", ")) + more;
    ConfigException.require(
        names.isEmpty(),
        Flags.OUTPUT_DIR,
        folder,
        overwrite
            ? "it holds files that are not known to be an earlier run's (%s), which --overwrite_output_dir does not replace; name another folder, or move them away"
                .formatted(shown)
            : "it holds files already (%s); name another folder, or replace those of an earlier run with --overwrite_output_dir"
                .formatted(shown));
  }

  /** Steps of the checkpoints that a run resumed from {@code resumed} will make again. */
  List<Integer> superseded(Optional<Path> resumed) throws IOException {
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

  Path checkpoint(int step) {
    return new Path(folder, CHECKPOINT + step);
  }

  /** The steps of all checkpoints, ascending, without those whose rename has not ended. */
  List<Integer> checkpoints() throws IOException {
    List<FileStatus> files = List.of(fileSystem.listStatus(folder));
    return files.stream()
        .filter(FileStatus::isDirectory)
        .flatMap(status -> step(status.getPath().getName()).stream())
        .filter(
            step ->
                files.stream()
                    .map(status -> status.getPath().getName())
                    .noneMatch(name -> name.endsWith("-" + CHECKPOINT + step + Renaming.MARKER)))
        .sorted()
        .toList();
  }

  /** The text of a file of the folder, if it exists. */
  Optional<String> text(String name) throws IOException {
    Path file = new Path(folder, name);
    if (!fileSystem.exists(file)) {
      return Optional.empty();
    }
    try (InputStream in = fileSystem.open(file)) {
      return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  /** The names of the folder's files that match {@code wanted}, sorted. */
  List<String> names(Predicate<String> wanted) throws IOException {
    return Arrays.stream(fileSystem.listStatus(folder))
        .map(status -> status.getPath().getName())
        .filter(wanted)
        .sorted()
        .toList();
  }
}
