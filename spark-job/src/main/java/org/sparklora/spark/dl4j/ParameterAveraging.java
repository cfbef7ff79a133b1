package org.sparklora.spark.dl4j;

import java.io.IOException;
import java.nio.file.Path;
import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.nd4j.linalg.dataset.DataSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.spark.workers.ExecutorWorkers;
import org.sparklora.spark.workers.PlacedJob;
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
import org.sparklora.train.step.RoundStart;
import org.sparklora.train.step.Synchronizer;
import org.sparklora.train.step.TrainedVectors;
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

  private final Workers workers;
  private final Optional<ExecutorWorkers> executors; // empty if all workers are in this process
  private final TrainedNetwork network;
  private final MultiLayerConfiguration configuration; // the network's
  private final TrainingRows rows;
  private final AveragingSettings settings;
  private final Optional<LocalRounds> rounds; // empty for plain means
  private final Optional<Broadcast<RoundStart.Run>> lease; // of executors, for rounds
  private final Optional<WorkerSpeeds> speeds; // of executors
  private final AveragingError averagingError;
  private final String what;

  public ParameterAveraging(
      Workers workers,
      TrainedModel model,
      TrainedNetwork network,
      TrainingRows rows,
      TrainingPlan plan,
      AveragingSettings settings) {
    this.workers = workers;
    this.executors = workers instanceof ExecutorWorkers some ? Optional.of(some) : Optional.empty();
    this.network = network;
    this.configuration = network.network().getLayerWiseConfigurations();
    this.rows = rows;
    this.settings = settings;
    this.rounds =
        settings.hasOuterStep()
            ? Optional.of(new LocalRounds(settings, workers, network.vectors(), plan, rows))
            : Optional.empty();
    this.lease =
        rounds.flatMap(local -> executors.map(some -> some.spark().broadcast(local.run())));
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
  public boolean roundsMatterToOne() {
    return settings.roundsMatterToOne();
  }

  @Override
  public RoundReport train(List<List<StepRows>> planned) {
    List<List<StepRows>> dealt = speeds.map(known -> known.deal(planned)).orElse(planned);
    int[] busy =
        IntStream.range(0, dealt.size()).filter(worker -> !dealt.get(worker).isEmpty()).toArray();
    List<List<StepRows>> steps = IntStream.of(busy).mapToObj(dealt::get).toList();
    IntSummaryStatistics numbers =
        steps.stream().flatMap(List::stream).mapToInt(StepRows::step).summaryStatistics();
    int endStep = numbers.getMax() + 1;
    RoundReport report =
        busy.length == 1 && rounds.isEmpty() && executors.isEmpty()
            ? alone(steps.get(0))
            : average(busy, steps, numbers.getMin(), endStep);
    configuration.setIterationCount(endStep);
    return report;
  }

  /** The average over one worker is that worker's vectors, which need not be copied. */
  private RoundReport alone(List<StepRows> steps) {
    TrainedVectors ours = network.vectors();
    List<StepMetrics> taken = steps.stream().map(step -> ours.step(step, rows)).toList();
    return new RoundReport(taken, OptionalDouble.empty(), workers.takeUse());
  }

  private RoundReport average(int[] busy, List<List<StepRows>> steps, int firstStep, int endStep) {
    ExecutorUse use = new ExecutorUse();
    try (RoundVectors round =
        rounds.isPresent()
            ? new OuterStep(rounds.get(), lease, busy, steps, firstStep, endStep)
            : new MeanOfVectors(workers, network, busy.length, settings.onWire())) {
      executors.ifPresent(
          some -> PlacedJob.name(some.spark(), name(firstStep + 1, endStep, busy.length)));
      List<AveragingWorker.Report> reports =
          executors
              .map(some -> onExecutors(some, steps, round))
              .orElseGet(() -> here(steps, round));
      List<float[]> sketches = reports.stream().flatMap(one -> one.sketches().stream()).toList();
      OptionalDouble error = round.end(mean -> averagingError.relative(sketches, mean));
      speeds.ifPresent(known -> note(known, busy, reports, endStep));
      reports.forEach(report -> use.add(report.reading()));
      if (executors.isPresent()) {
        long returned = settings.bytes(network.vectors().size()) * busy.length;
        use.addBytes(round.bytes() * use.executors() + returned);
      }
      List<StepMetrics> taken = reports.stream().flatMap(one -> one.steps().stream()).toList();
      return new RoundReport(StepMetrics.ofRound(firstStep, endStep, taken), error, use);
    }
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
        speeds.measured(busy[place], report.stepSeconds());
      }
    }
  }

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

  private List<AveragingWorker.Report> onExecutors(
      ExecutorWorkers some, List<List<StepRows>> steps, RoundVectors sent) {
    AveragingWorker worker = worker(sent.ofWorkers(), steps.size(), AveragingWorker.IN_TASK);
    AveragingMaster master = new AveragingMaster(worker, steps.size(), stepsPerRound(), sent);
    // one partition per worker, with its steps in order; executors make DL4J's data sets
    JavaRDD<DataSet> round =
        some.parts(steps).flatMap(own -> own.stream().map(AveragingWorker::dataSet).iterator());
    new SparkDl4jMultiLayer(some.spark(), network.network(), master).fit(round);
    return master.reports();
  }

  private List<AveragingWorker.Report> here(List<List<StepRows>> steps, RoundVectors round) {
    RoundVectors.OfWorkers ofWorkers = round.ofWorkers();
    return ShardedSum.inTurn(
        IntStream.range(0, steps.size())
            .mapToObj(place -> worker(ofWorkers, steps.size(), place).train(steps.get(place)))
            .iterator(),
        round.dither(),
        round);
  }

  private AveragingWorker worker(RoundVectors.OfWorkers ofWorkers, int count, int place) {
    AveragingError measured = count > 1 ? averagingError : AveragingError.none();
    return new AveragingWorker(configuration, rows, ofWorkers, measured, place);
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
}
