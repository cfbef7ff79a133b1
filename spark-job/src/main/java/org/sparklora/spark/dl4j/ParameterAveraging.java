package org.sparklora.spark.dl4j;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.nd4j.linalg.dataset.DataSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.spark.workers.ExecutorWorkers;
import org.sparklora.spark.workers.JobNames;
import org.sparklora.spark.workers.ShardedSum;
import org.sparklora.train.AveragingError;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.meter.ExecutorUse;
import org.sparklora.train.step.AveragingSettings;
import org.sparklora.train.step.LocalRounds;
import org.sparklora.train.step.RoundReport;
import org.sparklora.train.step.Synchronizer;
import org.sparklora.train.step.WorkerSpeeds;
import org.sparklora.train.workers.Workers;

/**
 * {@code --sync parameters}: DL4J's parameter averaging. Every worker steps on its own rows for
 * {@code averaging_frequency} steps; then parameters and AdamW's moments are averaged, or the outer
 * optimizer takes a step with the mean change of the parameters ({@link LocalRounds}).
 *
 * <p>Each round is one {@code fit()} over exactly that round's data: DL4J would shuffle data that
 * it splits into rounds, and so change the order of the rows. In local mode nothing is sent: DL4J's
 * workers train one after the other; with plain means a single worker trains the driver's own
 * network.
 */
public final class ParameterAveraging implements Synchronizer {
  private static final Logger LOG = LoggerFactory.getLogger(ParameterAveraging.class);
  private static final int IN_TASK = -1; // the place of a worker whose partition tells it
  private final Workers workers;
  private final TrainedNetwork adapters;
  private final MultiLayerNetwork network;
  private final TrainingRows rows;
  private final AveragingSettings settings;
  private final Optional<LocalRounds> rounds; // empty for plain means
  private final Optional<Broadcast<Lease>> lease; // of executors, for rounds
  private final Optional<WorkerSpeeds> speeds; // of executors
  private final AveragingError averagingError;
  private final String what;

  /**
   * @param workers train separately between two averages
   * @param model the model that {@code network} was made for
   * @param rows the training rows
   * @param plan divides the rows among the workers
   */
  public ParameterAveraging(
      Workers workers,
      TrainedModel model,
      TrainedNetwork network,
      TrainingRows rows,
      TrainingPlan plan,
      AveragingSettings settings) {
    this.workers = workers;
    this.adapters = network;
    this.network = network.network();
    this.rows = rows;
    this.settings = settings;
    this.rounds =
        settings.hasOuterStep()
            ? Optional.of(new LocalRounds(settings, workers, network.vectors(), plan, rows))
            : Optional.empty();
    this.lease =
        rounds
            .filter(local -> workers instanceof ExecutorWorkers)
            .map(local -> ((ExecutorWorkers) workers).spark().broadcast(new Lease(local.run())));
    this.speeds =
        lease.filter(any -> settings.bySpeed()).map(any -> new WorkerSpeeds(plan.workers()));
    this.averagingError = AveragingError.of(model);
    this.what = model.lora().isPresent() ? "adapter" : "model";
  }

  @Override
  public int stepsPerRound() {
    return settings.frequency();
  }

  @Override
  public RoundReport train(List<List<StepRows>> planned) {
    List<List<StepRows>> steps = speeds.map(known -> known.deal(planned)).orElse(planned);
    int firstStep =
        steps.stream().flatMap(List::stream).mapToInt(StepRows::step).min().orElseThrow();
    int lastStep =
        steps.stream().flatMap(List::stream).mapToInt(StepRows::step).max().orElseThrow();
    int[] busy = busy(steps);
    if (workers instanceof ExecutorWorkers executors) {
      JobNames.name(executors.spark(), name(firstStep + 1, lastStep + 1, busy.length));
    }
    long returned = settings.bytes(adapters.vectors().size());
    long sent = rounds.map(LocalRounds::bytesOfStart).orElse(returned);
    Round round = round(steps, firstStep, lastStep + 1);
    network.getLayerWiseConfigurations().setIterationCount(lastStep + 1);
    speeds.ifPresent(known -> note(known, busy, round.reports(), lastStep + 1));
    ExecutorUse use = new ExecutorUse();
    round.reports().forEach(report -> use.add(report.reading()));
    if (workers instanceof ExecutorWorkers) {
      use.addBytes(sent * use.executors() + returned * busy.length);
    }
    return new RoundReport(
        IntStream.rangeClosed(firstStep, lastStep)
            .mapToObj(step -> metrics(step, round.reports()))
            .toList(),
        round.averagingError(),
        use);
  }

  /** Notes the speeds of a round; throws the exception of a worker that failed. */
  private static void note(
      WorkerSpeeds speeds, int[] busy, List<AveragingWorker.Report> reports, int endStep) {
    for (int place = 0; place < busy.length; place++) {
      AveragingWorker.Report report = reports.get(place);
      if (report.failure() != null) {
        throw report.failure();
      }
      if (report.steps().isEmpty()) {
        speeds.leftOut(busy[place]);
        LOG.warn(
            "The round up to step {} ended without worker {}, which was far behind or lost its executor; the worker's rows of this round are not trained",
            endStep,
            busy[place]);
      } else {
        speeds.measured(busy[place], report.steps().size(), report.seconds());
      }
    }
  }

  private record Round(List<AveragingWorker.Report> reports, OptionalDouble averagingError) {}

  @Override
  public void write(Path checkpoint) throws IOException {
    if (rounds.isPresent()) {
      rounds.get().write(checkpoint);
    }
  }

  @Override
  public void read(Path checkpoint) throws IOException {
    if (rounds.isPresent()) {
      rounds.get().read(checkpoint);
    }
  }

  @Override
  public void close() {
    rounds.ifPresent(LocalRounds::close);
    lease.ifPresent(Broadcast::destroy);
  }

  private Round round(List<List<StepRows>> steps, int first, int end) {
    List<List<StepRows>> busy = IntStream.of(busy(steps)).mapToObj(steps::get).toList();
    if (busy.size() == 1 && rounds.isEmpty() && !(workers instanceof ExecutorWorkers)) {
      // the average over one worker is that worker's vectors, which need not be copied
      return new Round(
          List.of(worker(null, AveragingError.none(), 0).trainAlone(network, busy.get(0))),
          OptionalDouble.empty());
    }
    AveragingError error = busy.size() > 1 ? averagingError : AveragingError.none();
    try (RoundVectors vectors = vectors(steps, busy.size(), first, end)) {
      List<AveragingWorker.Report> reports =
          workers instanceof ExecutorWorkers executors
              ? onExecutors(executors, busy, vectors, error)
              : here(busy, vectors, error);
      List<float[]> sketches =
          reports.stream().flatMap(report -> report.sketches().stream()).toList();
      return new Round(
          reports,
          vectors.end(
              mean ->
                  sketches.isEmpty()
                      ? OptionalDouble.empty()
                      : averagingError.relative(sketches, mean)));
    }
  }

  private RoundVectors vectors(List<List<StepRows>> steps, int busy, int first, int end) {
    return rounds.isPresent()
        ? new OuterStep(rounds.get(), lease, adapters.vectors().size(), steps, first, end)
        : new MeanOfVectors(workers, network, busy, settings.onWire());
  }

  private List<AveragingWorker.Report> onExecutors(
      ExecutorWorkers executors,
      List<List<StepRows>> busy,
      RoundVectors vectors,
      AveragingError error) {
    AveragingMaster master =
        new AveragingMaster(
            worker(vectors.ofWorkers(), error, IN_TASK), busy.size(), stepsPerRound(), vectors);
    new SparkDl4jMultiLayer(executors.spark(), network, master).fit(partitions(executors, busy));
    return master.reports();
  }

  private List<AveragingWorker.Report> here(
      List<List<StepRows>> busy, RoundVectors vectors, AveragingError error) {
    RoundVectors.OfWorkers ofWorkers = vectors.ofWorkers();
    return ShardedSum.<AveragingWorker.Report>inTurn(
        IntStream.range(0, busy.size())
            .mapToObj(place -> worker(ofWorkers, error, place).train(busy.get(place)).given())
            .iterator(),
        vectors.dither(),
        vectors);
  }

  private AveragingWorker worker(RoundVectors.OfWorkers vectors, AveragingError error, int place) {
    return new AveragingWorker(
        AveragingMaster.configuration(),
        network.getLayerWiseConfigurations(),
        rows,
        vectors,
        error,
        place);
  }

  /** The workers with steps. */
  private static int[] busy(List<List<StepRows>> steps) {
    return IntStream.range(0, steps.size())
        .filter(worker -> !steps.get(worker).isEmpty())
        .toArray();
  }

  /** One partition per worker, with its steps in order; executors make DL4J's data sets. */
  private static JavaRDD<DataSet> partitions(ExecutorWorkers executors, List<List<StepRows>> busy) {
    return executors.parts(busy).flatMap(worker -> worker.stream().map(StepDataSet::of).iterator());
  }

  private String name(int firstStep, int lastStep, int count) {
    String steps =
        firstStep == lastStep
            ? "step " + lastStep
            : "steps %s to %s".formatted(firstStep, lastStep);
    return count == 1
        ? "%s: train %s".formatted(steps, what)
        : "%s: average %s %ss".formatted(steps, count, what);
  }

  /** The metrics of a step; all zeros if the workers with its rows were left out. */
  private static StepMetrics metrics(int step, List<AveragingWorker.Report> reports) {
    List<StepMetrics> ofWorkers =
        reports.stream()
            .flatMap(report -> report.steps().stream())
            .filter(metrics -> metrics.step() == step)
            .toList();
    return ofWorkers.isEmpty() ? StepMetrics.none(step) : StepMetrics.ofWorkers(ofWorkers);
  }
}
