package org.sparklora.train.step;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.resume.OptimizerFile;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.vector.VectorType;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/**
 * Rounds of local steps with an outer optimizer (DiLoCo, arXiv 2311.08105), as the driver sees
 * them: workers take steps on their own rows from the same parameters; the mean of their changes,
 * weighted by target tokens, is the outer optimizer's gradient; its update is sent to all.
 *
 * <p>The driver holds the parameters in float32. It adds the update as it is sent, rounded, so that
 * every process has the same parameters. The updates since the latest snapshot are kept, for
 * processes that come later.
 *
 * <p>Not thread-safe.
 */
public final class LocalRounds implements AutoCloseable {
  /** Most rounds between two snapshots: a lost executor's worker takes at most as many again. */
  private static final int MOST_PAST = 64;

  /** Most bytes of updates between two snapshots, per parameter and worker: twice its moments. */
  private static final int MOST_PAST_BYTES = 16;

  private final RoundStart.Run run;
  private final Workers workers;
  private final TrainedVectors vectors;
  private final OuterOptimizer outer;
  private final List<RoundStart.Past> past = new ArrayList<>();
  private RoundStart.Snapshot snapshot;

  /** The driver's {@code vectors} have the moments of worker 0 after each snapshot. */
  public LocalRounds(
      AveragingSettings settings,
      Workers workers,
      TrainedVectors vectors,
      TrainingPlan plan,
      TrainingRows rows) {
    this.run = new RoundStart.Run(UUID.randomUUID().toString(), settings, plan, rows);
    this.workers = workers;
    this.vectors = vectors;
    this.outer = new OuterOptimizer(settings.outer(), vectors.size());
    this.snapshot = snapshot(0, List.of());
  }

  public TrainedVectors vectors() {
    return vectors;
  }

  /** The name, settings, plan and rows of this run, which all rounds share. */
  public RoundStart.Run run() {
    return run;
  }

  /** The start of the next round, which takes the steps {@code [firstStep, endStep)}. */
  public RoundStart start(int firstStep, int endStep) {
    return new RoundStart(run, snapshot, List.copyOf(past), firstStep, endStep);
  }

  /** The share of each worker in the mean: its target tokens of the round over all workers'. */
  public static double[] shares(List<List<StepRows>> round) {
    long[] tokens =
        round.stream()
            .mapToLong(steps -> steps.stream().mapToLong(StepRows::normalizer).sum())
            .toArray();
    long all = Arrays.stream(tokens).sum();
    return IntStream.range(0, tokens.length).mapToDouble(w -> (double) tokens[w] / all).toArray();
  }

  /** Ends a round: takes the outer step with the mean change, float32, which is overwritten. */
  public void end(RoundStart round, FlatVector change) {
    outer.step(change);
    VectorType onWire = run.settings().onWire();
    FlatVector update = change.copy(onWire, round.ditherOfUpdate());
    update.addTo(vectors.parameters());
    past.add(new RoundStart.Past(round.firstStep(), round.endStep(), workers.share(update)));
    long bytes = past.size() * onWire.bytes(vectors.size());
    long most = MOST_PAST_BYTES * vectors.size() * run.plan().workers();
    if (past.size() == MOST_PAST || bytes > most) {
      takeSnapshot();
    }
  }

  /** Brings the workers' moments to the driver, from where later processes can begin. */
  public void takeSnapshot() {
    if (past.isEmpty()) {
      return;
    }
    List<SharedVector> next = new ArrayList<>();
    int step = past.get(past.size() - 1).endStep();
    workers.during("after step " + step);
    workers.forEach(
        "collect moments",
        IntStream.range(0, run.plan().workers()).boxed().toList(),
        new Collect(start(step, step), vectors.model(), vectors.rule()),
        own -> next.add(workers.share(own)));
    next.get(0).vector().copyTo(vectors.moments());
    replace(snapshot(snapshot.round() + past.size(), next));
  }

  private record Collect(RoundStart start, TrainedModel model, StepRule rule)
      implements Workers.Work<Integer, FlatVector> {
    @Override
    public FlatVector run(Integer worker) {
      try (TrainedVectors vectors = TrainedVectors.zeros(model, rule)) {
        return start.momentsOf(worker, vectors).handedOver();
      }
    }
  }

  /** Writes the momentum and the moments of all workers but 0, whose moments are the driver's. */
  public void write(Path checkpoint) throws IOException {
    takeSnapshot();
    ParameterLayout layout = vectors.model().layout();
    outer.write(checkpoint, layout);
    List<SharedVector> moments = snapshot.moments();
    for (int worker = 1; worker < moments.size(); worker++) {
      Tensor own = moments.get(worker).vector().on(Engines.host());
      OptimizerFile.ofWorker(worker).write(checkpoint, layout, own);
    }
  }

  /** Restores the state of a checkpoint; the driver's vectors are restored before. */
  public void read(Path checkpoint) throws IOException {
    ParameterLayout layout = vectors.model().layout();
    outer.read(checkpoint, layout);
    Engine host = Engines.host();
    List<SharedVector> moments = new ArrayList<>();
    for (int worker = 0; worker < run.plan().workers(); worker++) {
      FlatVector own = new FlatVector(2 * vectors.size());
      OptimizerFile.ofWorker(worker).load(checkpoint, layout, host, own.changingOn(host));
      moments.add(workers.share(own));
    }
    replace(snapshot(0, moments));
  }

  private RoundStart.Snapshot snapshot(int round, List<SharedVector> moments) {
    return new RoundStart.Snapshot(round, workers.share(vectors.vector().copy()), moments);
  }

  private void replace(RoundStart.Snapshot next) {
    closeSnapshot();
    snapshot = next;
  }

  private void closeSnapshot() {
    snapshot.close();
    past.forEach(over -> over.update().close());
    past.clear();
  }

  /** Frees all vectors but the driver's. */
  @Override
  public void close() {
    closeSnapshot();
    outer.close();
    run.close();
  }
}
