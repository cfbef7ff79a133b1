package org.sparklora.spark.sweep;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.sparklora.observe.track.TrackingConfig;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.spark.workers.PlacedJob;
import org.sparklora.spark.workers.WorkerCount;
import org.sparklora.sweep.Halving;
import org.sparklora.sweep.SweepFile;
import org.sparklora.sweep.SweepFolder;
import org.sparklora.sweep.SweepPlan;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialFolder;
import org.sparklora.sweep.TrialName;
import org.sparklora.sweep.TrialOutcome;
import org.sparklora.sweep.finding.Study;
import org.sparklora.sweep.finding.SweepReport;

/**
 * Trains the trials of a sweep. Each trial is a Spark job of one task, so that Spark retries the
 * trials of a lost executor, and a bounded number of trials runs at once.
 */
public final class SweepJob {
  private static final int TOLD_EVERY_SECONDS = 10;

  private final JavaSparkContext spark;
  private final SweepFile file;
  private final TrialRun run;
  private final Configuration hadoop;
  private final int parallel;
  private final SweepRuns runs;
  private final PlacedJob places;
  private final BlockingQueue<Integer> idle = new LinkedBlockingQueue<>(); // workers
  private final Set<Trial> started = ConcurrentHashMap.newKeySet();

  private SweepJob(
      JavaSparkContext spark, SweepFile file, TrialRun run, int parallel, SweepRuns runs) {
    this.spark = spark;
    this.file = file;
    this.run = run;
    this.runs = runs;
    this.hadoop = spark.hadoopConfiguration();
    this.parallel = parallel;
    this.places = new PlacedJob(spark);
    IntStream.range(0, parallel).forEach(idle::add);
  }

  /**
   * Checks a sweep before any table or trial is made.
   *
   * @throws org.sparklora.pipeline.config.ConfigException see {@link SweepPlan#of}
   */
  public static SweepPlan plan(Configuration hadoop, SweepFile file, String folder) {
    return SweepPlan.of(hadoop, file, folder, whole -> new TrialTables(hadoop, whole));
  }

  /**
   * Trains the remaining trials of a sweep and writes the results of all.
   *
   * @param requested {@code max_parallel_trials}
   * @return the findings as text
   * @throws org.sparklora.pipeline.config.ConfigException if the settings of a trial cannot be used
   * @throws org.sparklora.pipeline.table.TableException if a trial cannot be read or written
   */
  public static String run(
      SparkSession session,
      SweepPlan plan,
      Optional<Integer> requested,
      boolean keepWeights,
      TrackingConfig tracking)
      throws IOException {
    Configuration hadoop = session.sparkContext().hadoopConfiguration();
    try (SweepFolder folder = SweepFolder.open(hadoop, plan.folder(), plan.file());
        SweepRuns runs = new SweepRuns(hadoop, plan, tracking)) {
      TrialTables tables = new TrialTables(hadoop, plan.folder());
      List<Trial> trials = new ArrayList<>();
      for (Trial trial : plan.trials()) {
        trials.add(tables.named(session, trial));
      }
      TrialName.requireDistinct(trials);
      JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
      int parallel =
          requested.orElseGet(
              () -> WorkerCount.workers(spark, Optional.empty(), Flags.MAX_PARALLEL_TRIALS));
      TrialRun run = new TrialRun(HadoopSettings.of(hadoop), plan.folder(), keepWeights);
      List<TrialOutcome> outcomes =
          new SweepJob(spark, plan.file(), run, parallel, runs).all(trials);
      TrialsTable table = TrialsTable.of(trials, outcomes);
      folder.write("trials.csv", table.toCsv());
      table.writeParquet(session, plan.folder() + "/trials.parquet");
      String found =
          SweepReport.write(
              folder,
              plan.folder(),
              plan.file(),
              Study.of(plan.file().metric(), trials, outcomes),
              tables.model());
      runs.finish(outcomes);
      return found;
    }
  }

  private List<TrialOutcome> all(List<Trial> trials) throws IOException {
    Map<String, TrialOutcome> outcomes = new LinkedHashMap<>();
    SweepProgress progress = new SweepProgress(trials.size(), parallel);
    Interruption.tell(progress::whenInterrupted);
    List<Trial> left = trials;
    for (int rung : file.halving().map(Halving::steps).orElse(List.of())) {
      train(left, rung, outcomes, progress);
      left = file.halving().orElseThrow().better(left, outcomes, file.metric(), rung);
    }
    train(left, TrialOutcome.END, outcomes, progress);
    if (file.halving().isPresent() && !run.keepWeights()) {
      for (Trial trial : trials) {
        new TrialFolder(hadoop, run.sweep(), trial.name()).keepLogsOnly();
      }
    }
    return trials.stream().map(trial -> outcomes.get(trial.name())).toList();
  }

  /** Trains up to a step; skips trials that already got there. */
  private void train(
      List<Trial> trials, int stop, Map<String, TrialOutcome> outcomes, SweepProgress progress)
      throws IOException {
    List<Trial> todo = new ArrayList<>();
    for (Trial trial : trials) {
      TrialFolder folder = new TrialFolder(hadoop, run.sweep(), trial.name());
      Optional<TrialOutcome> before = folder.outcome();
      before.ifPresent(outcome -> outcomes.put(trial.name(), outcome));
      if (before.isEmpty() || !before.get().reaches(stop)) {
        todo.add(trial);
      } else if (!started.contains(trial)) { // by an earlier process
        run.cleanUp(trial, folder, before.get());
        runs.ended(trial);
      }
    }
    progress.begin(stop, trials.size() - todo.size(), todo.size());
    ExecutorService threads = Executors.newFixedThreadPool(parallel);
    try {
      ExecutorCompletionService<TrialOutcome> running = new ExecutorCompletionService<>(threads);
      todo.forEach(trial -> running.submit(() -> train(trial, stop, progress)));
      Map<String, Trial> left = new LinkedHashMap<>();
      todo.forEach(trial -> left.put(trial.name(), trial));
      while (!left.isEmpty()) {
        TrialOutcome outcome = take(running, left.values());
        outcomes.put(outcome.trial(), outcome);
        progress.done(outcome);
        runs.ended(left.remove(outcome.trial()));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private TrialOutcome train(Trial trial, int stop, SweepProgress progress)
      throws InterruptedException {
    Interruption.check();
    progress.started();
    started.add(trial);
    PlacedJob.name(spark, "trial %s: %s".formatted(trial.name(), trial.shown()));
    TrialRun work = run;
    int worker = idle.take();
    try {
      return PlacedJob.await(
              spark,
              places
                  .part(0, worker, parallel)
                  .map(
                      task ->
                          Interruption.heeding(
                              TaskContext.get()::isInterrupted, () -> work.run(trial, stop)))
                  .collectAsync())
          .get(0);
    } finally {
      idle.add(worker);
    }
  }

  /** Waits for the next trial to end; meanwhile sends the logs of running trials to trackers. */
  private TrialOutcome take(
      ExecutorCompletionService<TrialOutcome> running, Collection<Trial> left) {
    try {
      Future<TrialOutcome> next = running.poll(TOLD_EVERY_SECONDS, TimeUnit.SECONDS);
      while (next == null) {
        left.stream().filter(started::contains).forEach(runs::follow);
        next = running.poll(TOLD_EVERY_SECONDS, TimeUnit.SECONDS);
      }
      return next.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while trials ran", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("A trial failed: " + e.getCause().getMessage(), e.getCause());
    }
  }
}
