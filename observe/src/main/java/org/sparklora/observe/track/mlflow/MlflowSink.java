package org.sparklora.observe.track.mlflow;

import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.observe.track.sink.RunLabel;
import org.sparklora.observe.track.sink.Sink;
import org.sparklora.observe.track.sink.TrackedRow;

/**
 * Sends a run to an MLflow server. MLflow cannot delete single values, so the server's values are
 * compared with the rows before anything is sent:
 *
 * <ul>
 *   <li>values that the server already has, for example after a lost answer, are not sent again;
 *   <li>values after the checkpoint from which the run resumes, sent by a killed attempt, are kept,
 *       and their steps are not sent again: the resumed run computes the same values bit for bit;
 *   <li>if the run resumes with other settings, the server's run is moved to the trash and a new
 *       one replaces it, unless the user created the run (see {@link MlflowConfig#runId}).
 * </ul>
 *
 * <p>Not thread-safe.
 */
public final class MlflowSink implements Sink {
  private static final Logger LOG = LoggerFactory.getLogger(MlflowSink.class);

  private final MlflowClient client;
  private final MlflowConfig config;
  private final RunLabel label;
  private final MlflowRuns runs;
  private final MlflowArtifacts artifacts;
  private ToldPoints told = ToldPoints.none();
  private Optional<MlflowRun> run = Optional.empty();

  /**
   * @param folder the run's folder, whose files are uploaded
   */
  public MlflowSink(MlflowConfig config, RunLabel label, FileSystem fileSystem, Path folder) {
    this.client = new MlflowClient(config.server());
    this.config = config;
    this.label = label;
    this.runs = new MlflowRuns(client, config, label);
    this.artifacts = new MlflowArtifacts(client, config, fileSystem, folder);
  }

  @Override
  public void replay(List<TrackedRow> rows) throws IOException {
    long start = (rows.isEmpty() ? Instant.now() : rows.get(0).time()).toEpochMilli();
    Optional<MlflowRun> found = runs.find();
    told =
        found.isPresent() && found.get().isOf(label)
            ? ToldPoints.of(
                runs.places(found.get(), found.get().metrics()),
                rows,
                rows.isEmpty() ? found.get().begun() : start)
            : ToldPoints.none();
    List<MlflowPoint> missing = told.untold(points(rows));
    if (told.isAhead() && isReplaceable(found.get())) {
      runs.delete(found.get());
      found = Optional.empty();
      told = ToldPoints.none();
      missing = points(rows);
    }
    MlflowRun current = runs.begin(found, start);
    run = Optional.of(current);
    runs.logMetrics(current, missing);
    for (TrackedRow row : rows) {
      runs.setTags(current, alerts(row));
      artifacts.writeCompletions(current, row);
    }
    LOG.info(
        "MLflow shows this run at {}/#/experiments/{}/runs/{}",
        client.server(),
        current.experimentId(),
        current.id());
  }

  /**
   * Whether to replace a run with values after the checkpoint. With unchanged settings those values
   * stay valid, since the resumed run repeats them bit for bit; with other settings the run would
   * mix two.
   */
  private boolean isReplaceable(MlflowRun found) {
    return config.runId().isEmpty()
        && !found.isGiven()
        && !runs.changed(found, label.settings()).isEmpty();
  }

  private static List<MlflowPoint> points(List<TrackedRow> rows) {
    return rows.stream().flatMap(row -> MlflowPoint.of(row).stream()).toList();
  }

  @Override
  public void append(TrackedRow row) throws IOException {
    MlflowRun current = run.orElseThrow(() -> new IllegalStateException("Nothing was replayed"));
    List<MlflowPoint> points = told.untold(MlflowPoint.of(row));
    try {
      runs.logMetrics(current, points);
    } catch (MlflowException e) {
      throw e;
    } catch (IOException lost) {
      // the values may have arrived: ask the server
      Set<MlflowPoint.Place> there =
          runs.places(current, points.stream().map(point -> point.place().key()).toList());
      runs.logMetrics(
          current, points.stream().filter(point -> !there.contains(point.place())).toList());
    }
    runs.setTags(current, alerts(row));
    artifacts.writeCompletions(current, row);
  }

  /** One tag per alert, since MLflow has no alerts. */
  private static Map<String, String> alerts(TrackedRow row) {
    Map<String, String> tags = new LinkedHashMap<>();
    row.alerts()
        .forEach(
            alert ->
                tags.put(
                    "alert." + MlflowPoint.key(alert.title()),
                    "%s after step %s: %s"
                        .formatted(alert.level().word(), row.step(), alert.text())));
    return tags;
  }

  @Override
  public void end(Optional<TrackedRow> last) throws IOException {
    MlflowRun current = run.orElseThrow(() -> new IllegalStateException("Nothing was replayed"));
    MlflowRun.Ending ending = MlflowRun.Ending.of(last);
    Instant end = last.map(TrackedRow::time).orElseGet(Instant::now);
    runs.setStatus(current, ending, end.toEpochMilli());
    if (ending == MlflowRun.Ending.FINISHED) {
      artifacts.writeResults(current);
    }
  }

  @Override
  public void close() {
    run = Optional.empty();
  }
}
