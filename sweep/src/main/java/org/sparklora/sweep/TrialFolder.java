package org.sparklora.sweep;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.observe.estimate.RegretReport;
import org.sparklora.pipeline.run.MetricsLog;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.train.TrainerState;

/** The folder of a trial. {@code trial.json} appears complete when the trial ends or stops. */
public final class TrialFolder {
  static final String FILE_NAME = "trial.json";

  /** Files that {@link #keepLogsOnly} keeps. */
  private static final Set<String> LOGS =
      Set.of(
          FILE_NAME,
          MetricsLog.FILE_NAME,
          TrainerState.FILE_NAME,
          RegretReport.FILE_NAME,
          RunFolder.TRACKERS,
          "sft_config.yaml",
          "grpo_config.yaml");

  private final FileSystem fileSystem;
  private final Path folder;

  public TrialFolder(Configuration hadoop, String sweep, String trial) throws IOException {
    this.folder = new Path(new Path(sweep, "trials"), trial);
    this.fileSystem = RunFolder.withoutChecksums(folder.getFileSystem(hadoop));
  }

  /** The folder's path, as a flag's value. */
  public String name() {
    return folder.toString();
  }

  /** The trial's outcome, if it ended or stopped. */
  public Optional<TrialOutcome> outcome() throws IOException {
    Path file = new Path(folder, FILE_NAME);
    if (!fileSystem.exists(file)) {
      return Optional.empty();
    }
    try (InputStream in = fileSystem.open(file)) {
      return Optional.of(TrialOutcome.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8)));
    }
  }

  public List<Map<String, Object>> log() {
    return MetricsLog.read(fileSystem, folder);
  }

  /** Whether an earlier task left a checkpoint. */
  public boolean hasCheckpoint() throws IOException {
    return fileSystem.exists(folder)
        && Arrays.stream(fileSystem.listStatus(folder))
            .anyMatch(status -> RunFolder.isCheckpoint(status.getPath().getName()));
  }

  public void write(TrialOutcome outcome) throws IOException {
    write(FILE_NAME, outcome.toJson());
  }

  /** Writes a file of the folder under a temporary name, then renames it. */
  public void write(String name, String text) throws IOException {
    fileSystem.mkdirs(folder);
    SweepFolder.write(fileSystem, folder, name, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Deletes all but the outcome, logs and settings. */
  public void keepLogsOnly() throws IOException {
    for (FileStatus status : fileSystem.listStatus(folder)) {
      String name = status.getPath().getName();
      if (!LOGS.contains(name)) {
        fileSystem.delete(status.getPath(), true);
      }
    }
  }

  /** Deletes the folder, so that the trial starts anew. */
  public void clear() throws IOException {
    fileSystem.delete(folder, true);
  }
}
