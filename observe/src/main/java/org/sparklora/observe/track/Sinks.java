package org.sparklora.observe.track;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.observe.track.mlflow.MlflowConfig;
import org.sparklora.observe.track.mlflow.MlflowSink;
import org.sparklora.observe.track.sink.RunLabel;
import org.sparklora.pipeline.run.RunFolder;

/** The trackers of a run, in the order of {@link TrackingConfig.Tracker}. */
public final class Sinks {
  private Sinks() {}

  /**
   * @param folder the run's folder
   */
  public static List<TrackerThread> of(
      TrackingConfig tracking, RunLabel run, FileSystem fileSystem, Path folder) {
    return of(tracking, tracking::mlflow, run, fileSystem, folder);
  }

  /**
   * @param mlflow gives MLflow's settings, on the tracker's thread; empty while they are unknown
   * @param folder the run's folder
   */
  public static List<TrackerThread> of(
      TrackingConfig tracking,
      Supplier<Optional<MlflowConfig>> mlflow,
      RunLabel run,
      FileSystem fileSystem,
      Path folder) {
    return tracking.trackers().stream()
        .sorted()
        .map(
            tracker -> {
              String word = tracker.name().toLowerCase(Locale.ROOT);
              String remedy = "later: spark-lora track %s --report_to %s".formatted(folder, word);
              return switch (tracker) {
                case TRACKIO ->
                    new TolerantSink(
                        "Trackio",
                        remedy,
                        () -> new TrackioSink(TrackioDatabase.open(tracking.project()), run));
                case TENSORBOARD ->
                    new TolerantSink(
                        "TensorBoard",
                        remedy,
                        () -> new TensorBoardSink(fileSystem, events(folder, run), run));
                case MLFLOW ->
                    new TolerantSink(
                        "MLflow",
                        remedy,
                        () -> new MlflowSink(known(mlflow.get()), run, fileSystem, folder));
              };
            })
        .map(TrackerThread::new)
        .toList();
  }

  private static MlflowConfig known(Optional<MlflowConfig> config) throws IOException {
    return config.orElseThrow(() -> new IOException("the run above it is not there"));
  }

  /** The folder of a run's event files, whose name is not too long for a file system. */
  private static Path events(Path folder, RunLabel run) {
    String name = run.name().replaceAll("[^\\w.-]", "_").replaceFirst("(?<=^.{200}).+", "");
    return new Path(new Path(folder, RunFolder.TRACKERS), name);
  }
}
