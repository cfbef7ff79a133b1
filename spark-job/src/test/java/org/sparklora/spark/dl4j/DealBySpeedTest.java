package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.spark.workers.ExecutorWorkers;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.step.AveragingSettings;
import org.sparklora.train.step.InnerMoments;
import org.sparklora.train.step.OuterOptimizer;
import org.sparklora.train.step.RoundReport;
import org.sparklora.train.vector.VectorType;

/** {@code --deal_by_speed}: rounds that end without some of their workers. */
class DealBySpeedTest {
  private static final int WORKERS = 2;
  private static final int STEPS = 2;

  @TempDir private Path folder;
  private TinyAdapter adapter;
  private final TrainingPlan plan = TinyAdapter.plan();
  private final TrainingRows rows = TinyAdapter.rows();

  @BeforeEach
  void prepare() throws IOException {
    adapter = TinyAdapter.in(folder);
  }

  @AfterEach
  void freeTheModel() {
    ExecutorModel.release(adapter.model());
  }

  private static SparkSession twoAttempts() {
    return TestSpark.builder(WORKERS)
        .master("local[%d,2]".formatted(WORKERS))
        .config(ExecutorWorkers.SHARED_MEMORY, "false")
        .getOrCreate();
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

  private ParameterAveraging averaging(
      SparkSession session, TrainedNetwork network, boolean bySpeed) {
    AveragingSettings settings =
        new AveragingSettings(
            STEPS,
            OuterOptimizer.Settings.AVERAGE,
            InnerMoments.KEPT,
            bySpeed,
            VectorType.FLOAT32,
            3);
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    return new ParameterAveraging(
        ExecutorWorkers.of(spark, WORKERS), adapter.model(), network, rows, plan, settings);
  }

  /** The mean is the other worker's change alone: as if the lost one were not there. */
  @Test
  void aWorkerWhoseFirstAttemptIsLostIsLeftOut() {
    List<List<StepRows>> lost = new ArrayList<>(steps(1));
    lost.set(1, List.of(new StepRows(STEPS, 0, 1, new LostAtFirst(0))));
    List<List<StepRows>> alone = List.of(lost.get(0), List.of());
    try (SparkSession session = twoAttempts();
        TrainedNetwork one = adapter.network(8);
        TrainedNetwork two = adapter.network(8)) {
      RoundReport report;
      try (ParameterAveraging averaging = averaging(session, one, true)) {
        averaging.train(steps(0));
        report = averaging.train(lost);
      }
      try (ParameterAveraging averaging = averaging(session, two, false)) {
        averaging.train(steps(0));
        averaging.train(alone);
      }
      assertThat(report.steps()).extracting(StepMetrics::step).containsExactly(STEPS, STEPS + 1);
      float[] expected = adapter.parameters(two).toArray();
      float[] without = adapter.parameters(one).toArray();
      double largest =
          IntStream.range(0, expected.length)
              .mapToDouble(i -> Math.abs(without[i] - expected[i]))
              .max()
              .orElseThrow();
      assertThat(largest).isLessThan(1e-7);
    }
  }

  @Test
  void anExceptionIsNotTakenForASlowWorker() {
    List<List<StepRows>> steps = new ArrayList<>(steps(1));
    steps.set(1, List.of(new StepRows(STEPS, 0, 1, List.of(new int[] {rows.count()}))));
    try (SparkSession session = twoAttempts();
        TrainedNetwork network = adapter.network(8);
        ParameterAveraging averaging = averaging(session, network, true)) {
      averaging.train(steps(0));
      assertThatThrownBy(() -> averaging.train(steps)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
