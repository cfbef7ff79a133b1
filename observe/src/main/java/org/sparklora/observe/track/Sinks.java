package org.sparklora.observe.track;

import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
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
    return tracking.trackers().stream()
        .sorted()
        .map(tracker -> new TrackerThread(sink(tracker, tracking, run, fileSystem, folder)))
        .toList();
  }

  private static TolerantSink sink(
      TrackingConfig.Tracker tracker,
      TrackingConfig tracking,
      RunLabel run,
      FileSystem fileSystem,
      Path folder) {
    return switch (tracker) {
      case TRACKIO ->
          new TolerantSink(
              "Trackio",
              "later: spark-lora track %s --report_to trackio".formatted(folder),
              () -> new TrackioSink(TrackioDatabase.open(tracking.project()), run));
      case TENSORBOARD ->
          new TolerantSink(
              "TensorBoard",
              "later: spark-lora track %s --report_to tensorboard".formatted(folder),
              () ->
                  new TensorBoardSink(
                      fileSystem,
                      new Path(new Path(folder, RunFolder.TRACKERS), fileName(run)),
                      run));
      case MLFLOW ->
          new TolerantSink(
              "MLflow",
              "later: spark-lora track %s --report_to mlflow".formatted(folder),
              () -> new MlflowSink(tracking.mlflow().orElseThrow(), run, fileSystem, folder));
    };
  }

  /** A name that is not too long for a file system. */
  private static String fileName(RunLabel run) {
    return run.name().replaceAll("[^\\w.-]", "_").replaceFirst("(?<=^.{200}).+", "");
  }
}
