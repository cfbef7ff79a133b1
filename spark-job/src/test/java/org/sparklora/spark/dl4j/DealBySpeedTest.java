package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.spark.workers.ExecutorWorkers;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.StepRows;
import org.sparklora.train.TestModels;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.step.AveragingSettings;
import org.sparklora.train.step.LocalRounds;
import org.sparklora.train.step.OuterOptimizer;
import org.sparklora.train.step.RoundReport;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.vector.VectorType;
import org.sparklora.train.workers.LocalWorkers;

/** {@code --deal_by_speed}: rounds that end without some of their workers. */
class DealBySpeedTest {
  private static final int WORKERS = 2;
  private static final int STEPS = 2;

  /** Tasks have two attempts. */
  @AutoClose private static SparkSession spark;

  private static TinyAdapter adapter;
  private final TrainingPlan plan = TinyAdapter.plan();
  private final TrainingRows rows = TinyAdapter.rows();

  @BeforeAll
  static void prepare(@TempDir Path folder) throws IOException {
    spark =
        TestSpark.builder(WORKERS)
            .master("local[%d,2]".formatted(WORKERS))
            .config(ExecutorWorkers.SHARED_MEMORY, "false")
            .getOrCreate();
    adapter = TinyAdapter.of(TestModels.copy("llama-tiny", folder));
  }

  @AfterAll
  static void freeTheModel() {
    ExecutorModel.release(adapter.model());
  }

  private List<List<StepRows>> steps(int round) {
    return IntStream.range(0, WORKERS)
        .mapToObj(worker -> rows.ofWorker(worker, plan.steps(STEPS * round, STEPS * round + STEPS)))
        .toList();
  }

  /** A micro-batch in reading which a task's first attempt is lost. */
  private static final class LostAtFirst extends AbstractList<int[]> implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int[] rows;

    LostAtFirst(int... rows) {
      this.rows = rows;
    }

    @Override
    public int[] get(int index) {
      if (TaskContext.get() != null && TaskContext.get().attemptNumber() == 0) {
        throw new AssertionError("this attempt is lost");
      }
      return rows;
    }

    @Override
    public int size() {
      return 1;
    }
  }

  private static AveragingSettings settings(boolean bySpeed) {
    return new AveragingSettings(
        STEPS, OuterOptimizer.Settings.AVERAGE, true, bySpeed, VectorType.FLOAT32, 3);
  }

  private static ParameterAveraging averaging(TrainedNetwork network, boolean bySpeed) {
    return adapter.averaging(TinyAdapterRuns.workers(spark, WORKERS), network, settings(bySpeed));
  }

  @Test
  void aRoundWhoseWorkersAreAllLostChangesNothing() {
    List<List<StepRows>> lost =
        List.of(
            List.of(new StepRows(STEPS, 0, 1, new LostAtFirst(0))),
            List.of(new StepRows(STEPS, 0, 1, new LostAtFirst(1))));
    try (TrainedNetwork network = adapter.network(8);
        ParameterAveraging averaging = averaging(network, true)) {
      averaging.train(steps(0));
      float[] before = adapter.parameters(network).toArray();

      RoundReport report = averaging.train(lost);

      assertThat(report.steps()).containsExactly(StepMetrics.none(STEPS));
      assertThat(adapter.parameters(network).toArray()).isEqualTo(before);
      averaging.train(steps(1)); // both take part again
      assertThat(adapter.parameters(network).toArray()).isNotEqualTo(before);
    }
  }

  /** Workers with three quarters of the tokens arrived: their sum is three quarters of the mean. */
  @Test
  void theMeanIsThatOfTheOtherWorkers() {
    try (TrainedNetwork network = adapter.network(8);
        LocalRounds rounds =
            new LocalRounds(settings(true), new LocalWorkers(), network.vectors(), plan, rows);
        OuterStep vectors =
            new OuterStep(rounds, Optional.empty(), new int[] {0, 1}, steps(0), 0, STEPS);
        FlatVector shard = rounds.vectors().vector().copy()) {
      float[] before = adapter.parameters(network).toArray();

      vectors.take(0, 0, shard, 0.75);
      vectors.end(parameters -> OptionalDouble.empty());

      float[] after = adapter.parameters(network).toArray();
      assertThat(after[0]).isEqualTo(before[0] + before[0] / 0.75f, within(1e-6f));
    }
  }

  /** A worker may take more steps than a round has. */
  @Test
  void everyBatchIsTrained() {
    List<StepRows> three = rows.ofWorker(0, plan.steps(0, 3));
    List<List<StepRows>> uneven = List.of(three, rows.ofWorker(1, plan.steps(0, 1)));
    try (TrainedNetwork network = adapter.network(8);
        ParameterAveraging averaging = averaging(network, false)) {
      assertThat(averaging.train(uneven).steps())
          .extracting(StepMetrics::microBatches)
          .containsExactly(4, 2, 2); // micro-batches of two rows
    }
  }

  @Test
  void anExceptionIsNotTakenForASlowWorker() {
    List<List<StepRows>> steps = new ArrayList<>(steps(1));
    steps.set(1, List.of(new StepRows(STEPS, 0, 1, List.of(new int[] {rows.count()}))));
    try (TrainedNetwork network = adapter.network(8);
        ParameterAveraging averaging = averaging(network, true)) {
      averaging.train(steps(0));
      assertThatThrownBy(() -> averaging.train(steps)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
