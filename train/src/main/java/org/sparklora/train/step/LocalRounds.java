package org.sparklora.train.step;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.resume.OptimizerFile;
import org.sparklora.train.vector.Dither;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.vector.VectorType;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Work;
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

  /** Most bytes of updates between two snapshots, per parameter and worker: two of its moments. */
  private static final int MOST_PAST_BYTES = 16;

  private final String run = UUID.randomUUID().toString();
  private final AveragingSettings settings;
  private final Workers workers;
  private final int count;
  private final TrainedVectors vectors;
  private final TrainingPlan plan;
  private final TrainingRows rows;
  private final OuterOptimizer outer;
  private final List<RoundStart.Past> past = new ArrayList<>();
  private RoundStart.Snapshot snapshot;

  /**
   * @param workers take the steps
   * @param vectors the driver's; its moments are those of worker 0 after each snapshot
   * @param plan divides rows among the workers
   */
  public LocalRounds(
      AveragingSettings settings,
      Workers workers,
      TrainedVectors vectors,
      TrainingPlan plan,
      TrainingRows rows) {
    this.settings = settings;
    this.workers = workers;
    this.count = plan.workers();
    this.vectors = vectors;
    this.plan = plan;
    this.rows = rows;
    this.outer = new OuterOptimizer(settings.outer(), vectors.size());
    this.snapshot = snapshot(0, List.of());
  }

  /** A copy of the driver's parameters, which the caller closes. */
  public FlatVector copyOfParameters() {
    return FlatVector.copyOf(vectors.parameters(), vectors.size());
  }

  /** Unique name of this run. */
  public String run() {
    return run;
  }

  /** The start of the next round. */
  public RoundStart start() {
    return new RoundStart(run, settings, plan, rows, snapshot, List.copyOf(past));
  }

  /** Bytes that an executor receives at the start of the next round. */
  public long bytesOfStart() {
    boolean isFirst = snapshot.round() == 0 && past.isEmpty();
    VectorType type = isFirst ? VectorType.FLOAT32 : settings.onWire();
    return type.bytes(vectors.size());
  }

  /**
   * The share of each worker in the mean: its target tokens of the round over all workers'.
   *
   * @param round for each worker its steps
   */
  public static double[] shares(List<List<StepRows>> round) {
    long[] tokens =
        round.stream()
            .mapToLong(steps -> steps.stream().mapToLong(StepRows::normalizer).sum())
            .toArray();
    long all = Arrays.stream(tokens).sum();
    return IntStream.range(0, tokens.length).mapToDouble(w -> (double) tokens[w] / all).toArray();
  }

  /** The random numbers with which a worker rounds its change. */
  public Dither dither(int firstStep, int worker) {
    return Dither.of(settings.seed(), firstStep, worker);
  }

  /** The random numbers with which the sum of all changes is rounded. */
  public Dither ditherOfSum(int firstStep) {
    return dither(firstStep, count);
  }

  /**
   * Ends a round: takes the outer step.
   *
   * @param firstStep the round's first step, from 0
   * @param endStep the step after its last
   * @param change mean change of the workers' parameters, float32; is overwritten
   */
  public void end(int firstStep, int endStep, FlatVector change) {
    outer.step(change);
    Dither dither = dither(firstStep, count + 1);
    FlatVector update =
        FlatVector.copyOf(change.pointer(), change.size(), settings.onWire(), dither);
    update.addTo(vectors.parameters());
    past.add(new RoundStart.Past(firstStep, endStep, workers.share(update)));
    long bytes = past.size() * settings.onWire().bytes(vectors.size());
    if (past.size() == MOST_PAST || bytes > MOST_PAST_BYTES * vectors.size() * count) {
      takeSnapshot();
    }
  }

  /** Brings the workers' moments to the driver, from where later processes can begin. */
  public void takeSnapshot() {
    if (past.isEmpty()) {
      return;
    }
    List<SharedVector> next = new ArrayList<>();
    workers.during("after step " + past.get(past.size() - 1).endStep());
    workers.forEach(
        IntStream.range(0, count).boxed().toList(),
        new Collect(start(), vectors.model(), vectors.rule()),
        own -> next.add(workers.share(own.taken())));
    next.get(0).vector().copyTo(vectors.moments());
    replace(snapshot(snapshot.round() + past.size(), next));
  }

  private record Collect(RoundStart start, TrainedModel model, StepRule rule)
      implements Work<Integer, FlatVector> {
    @Override
    public FlatVector run(Integer worker) {
      try (TrainedVectors vectors = TrainedVectors.zeros(model, rule)) {
        return start.momentsOf(worker, vectors).handedOver();
      }
    }

    @Override
    public String verb() {
      return "collect moments";
    }

    @Override
    public long vectorBytes(FlatVector moments) {
      return moments.bytes();
    }
  }

  /** Writes what a checkpoint needs beside the driver's parameters and moments. */
  public void write(Path checkpoint) throws IOException {
    takeSnapshot();
    ParameterLayout layout = vectors.model().layout();
    OptimizerFile.OUTER.write(checkpoint, layout, tensor(outer.momentum()));
    List<SharedVector> moments = snapshot.moments();
    for (int worker = 1; worker < moments.size(); worker++) {
      OptimizerFile.ofWorker(worker)
          .write(checkpoint, layout, tensor(moments.get(worker).vector()));
    }
  }

  /** Restores the state of a checkpoint, whose vectors the driver has. */
  public void read(Path checkpoint) throws IOException {
    ParameterLayout layout = vectors.model().layout();
    OptimizerFile.OUTER.load(checkpoint, layout, Engines.host(), tensor(outer.momentum()));
    List<SharedVector> moments = new ArrayList<>();
    for (int worker = 0; worker < count; worker++) {
      FlatVector own = new FlatVector(2 * vectors.size());
      OptimizerFile.ofWorker(worker).load(checkpoint, layout, Engines.host(), tensor(own));
      moments.add(workers.share(own));
    }
    replace(snapshot(0, moments));
  }

  private static Tensor tensor(FlatVector vector) {
    return Engines.host().alias(vector.pointer(), vector.size()).tensor();
  }

  private RoundStart.Snapshot snapshot(int round, List<SharedVector> moments) {
    return new RoundStart.Snapshot(round, workers.share(copyOfParameters()), moments);
  }

  private void replace(RoundStart.Snapshot next) {
    close(snapshot);
    snapshot = next;
  }

  private void close(RoundStart.Snapshot before) {
    before.close();
    past.forEach(over -> over.update().close());
    past.clear();
  }

  /** Frees all vectors but the driver's. */
  @Override
  public void close() {
    close(snapshot);
    outer.close();
    KeptVectors.release(run);
  }
}
