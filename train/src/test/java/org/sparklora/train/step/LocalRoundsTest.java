package org.sparklora.train.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.RowOrder;
import org.sparklora.train.RowsInMemory;
import org.sparklora.train.StepRows;
import org.sparklora.train.TestModels;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.resume.OptimizerFile;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.vector.VectorType;
import org.sparklora.train.workers.LocalWorkers;
import org.sparklora.train.workers.SharedVector;

/** Rounds of local steps: three workers, two steps a round. */
class LocalRoundsTest {
  private static final int WORKERS = 3;
  private static final int STEPS = 2;
  private static final int ROWS = 24;
  private static final TrainingPlan PLAN =
      new TrainingPlan(ROWS, 1, 1, WORKERS, 1, 0, RowOrder.SEQUENTIAL, 1);

  @TempDir private Path folder;
  private static TrainedModel model;
  private static StepRule rule;
  private final TrainingRows rows = rows();

  @BeforeAll
  static void prepare(@TempDir Path place) throws IOException {
    model = TestModels.adapter(TestModels.copy("llama-tiny", place), 4, 42);
    rule =
        StepRule.of(
            model.layout(),
            new OptimizerConfig(1e-3, 0.9, 0.999, 1e-8, 0.01, 1.0),
            new ScheduleConfig(ScheduleConfig.Type.LINEAR, 0),
            PLAN.totalSteps());
  }

  @AfterAll
  static void freeTheModel() {
    ExecutorModel.release(model);
  }

  /** Rows of unequal length, so that workers have unequal weights. */
  private static TrainingRows rows() {
    List<PackedSequence> rows = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      int[] tokens = new int[8 + row % 5];
      for (int i = 0; i < tokens.length; i++) {
        tokens[i] = (31 * i + 7 * row) % 500;
      }
      rows.add(new PackedSequence(tokens, tokens, new int[] {tokens.length}));
    }
    return RowsInMemory.of(rows);
  }

  private static AveragingSettings settings(VectorType onWire) {
    return new AveragingSettings(
        STEPS, new OuterOptimizer.Settings(0.7, 0.9), true, false, onWire, 11);
  }

  private TrainedVectors initial() {
    TrainedVectors vectors = TrainedVectors.zeros(model, rule);
    ((AdapterLayout) model.layout()).initialize(tensor(vectors), 1);
    return vectors;
  }

  private static Tensor tensor(TrainedVectors vectors) {
    return Engines.host().alias(vectors.parameters(), vectors.size()).tensor();
  }

  private List<List<StepRows>> steps(int round) {
    List<List<StepRows>> steps = new ArrayList<>();
    for (int worker = 0; worker < WORKERS; worker++) {
      steps.add(rows.ofWorker(worker, PLAN.steps(STEPS * round, STEPS * round + STEPS)));
    }
    return steps;
  }

  /** A round as the driver and three processes take it. */
  private void take(LocalRounds rounds, int round) {
    List<List<StepRows>> steps = steps(round);
    double[] shares = LocalRounds.shares(steps);
    int first = STEPS * round;
    try (FlatVector mean = new FlatVector(model.layout().size())) {
      for (int worker = 0; worker < WORKERS; worker++) {
        RoundStart start = rounds.start(first, first + STEPS);
        try (TrainedVectors vectors = TrainedVectors.zeros(model, rule)) {
          start.load(worker, vectors);
          steps.get(worker).forEach(step -> vectors.step(step, rows));
          try (FlatVector change = start.change(worker, vectors, shares[worker])) {
            change.addTo(mean.pointer());
          }
        }
      }
      rounds.end(rounds.start(first, first + STEPS), mean);
    }
  }

  private float[] train(AveragingSettings settings, int count) {
    try (TrainedVectors vectors = initial();
        LocalRounds rounds = rounds(settings, vectors)) {
      for (int round = 0; round < count; round++) {
        take(rounds, round);
      }
      return tensor(vectors).toArray();
    }
  }

  private LocalRounds rounds(AveragingSettings settings, TrainedVectors vectors) {
    return new LocalRounds(settings, new LocalWorkers(), vectors, PLAN, rows);
  }

  /** Nesterov's formula in double, over changes of workers that train by themselves. */
  @Test
  void theOuterStepIsThatOfTorchAlongTheWeightedMeanOfWorkersThatKeepTheirMoments() {
    int size = (int) model.layout().size();
    double[] parameters = new double[size];
    double[] momentum = new double[size];
    List<TrainedVectors> alone = new ArrayList<>();
    for (int worker = 0; worker < WORKERS; worker++) {
      alone.add(initial());
    }
    float[] start = tensor(alone.get(0)).toArray();
    for (int i = 0; i < size; i++) {
      parameters[i] = start[i];
    }
    for (int round = 0; round < 3; round++) {
      double[] mean = new double[size];
      double all = 0;
      for (int worker = 0; worker < WORKERS; worker++) {
        float[] begun = new float[size];
        for (int i = 0; i < size; i++) {
          begun[i] = (float) parameters[i];
        }
        tensor(alone.get(worker)).write(0, begun, 0, size);
        double tokens = 0;
        for (StepRows step : steps(round).get(worker)) {
          alone.get(worker).step(step, rows);
          tokens += step.normalizer();
        }
        float[] trained = tensor(alone.get(worker)).toArray();
        for (int i = 0; i < size; i++) {
          mean[i] += tokens * (trained[i] - (double) begun[i]);
        }
        all += tokens;
      }
      for (int i = 0; i < size; i++) {
        double change = mean[i] / all;
        momentum[i] = 0.9 * momentum[i] + change;
        parameters[i] += 0.7 * (change + 0.9 * momentum[i]);
      }
    }
    alone.forEach(TrainedVectors::close);

    float[] trained = train(settings(VectorType.FLOAT32), 3);
    double moved = 0;
    for (int i = 0; i < size; i++) {
      assertThat((double) trained[i]).isEqualTo(parameters[i], within(1e-6));
      moved = Math.max(moved, Math.abs(trained[i] - start[i]));
    }
    assertThat(moved).isGreaterThan(1e-3);
  }

  @ParameterizedTest
  @EnumSource
  void processesThatLoseAllTheyKeptGiveTheSameBits(VectorType onWire) {
    AveragingSettings settings = settings(onWire);
    float[] undisturbed = train(settings, 4);
    try (TrainedVectors vectors = initial();
        LocalRounds rounds = rounds(settings, vectors)) {
      for (int round = 0; round < 4; round++) {
        rounds.run().close();
        take(rounds, round);
        if (round == 1) {
          rounds.run().close();
          rounds.takeSnapshot();
        }
      }
      assertThat(tensor(vectors).toArray()).isEqualTo(undisturbed);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "INT8"})
  void aRunThatResumesGivesTheSameBits(VectorType onWire) throws IOException {
    AveragingSettings settings = settings(onWire);
    float[] parameters;
    float[] momentsOfDriver;
    try (TrainedVectors vectors = initial();
        LocalRounds rounds = rounds(settings, vectors)) {
      take(rounds, 0);
      take(rounds, 1);
      rounds.write(folder);
      parameters = tensor(vectors).toArray();
      momentsOfDriver = moments(vectors).toArray();
    }
    try (TrainedVectors vectors = TrainedVectors.zeros(model, rule)) {
      tensor(vectors).write(0, parameters, 0, parameters.length);
      moments(vectors).write(0, momentsOfDriver, 0, momentsOfDriver.length);
      OptimizerFile.ofWorker(0).write(folder, model.layout(), moments(vectors));
      try (LocalRounds rounds = rounds(settings, vectors)) {
        rounds.read(folder);
        take(rounds, 2);
        take(rounds, 3);
        assertThat(tensor(vectors).toArray()).isEqualTo(train(settings, 4));
      }
    }
  }

  private static Tensor moments(TrainedVectors vectors) {
    return Engines.host().alias(vectors.moments(), 2 * vectors.size()).tensor();
  }

  private record Unreadable() implements SharedVector {
    private static final long serialVersionUID = 1L;

    @Override
    public FlatVector vector() {
      throw new IllegalStateException("the block was not found");
    }

    @Override
    public void close() {}
  }

  @Test
  void aSnapshotThatCannotBeReadLeavesTheVectorsThatAreKept() {
    try (TrainedVectors driver = initial();
        LocalRounds rounds = rounds(settings(VectorType.FLOAT32), driver)) {
      RoundStart start = rounds.start(0, STEPS);
      RoundStart.Snapshot next = new RoundStart.Snapshot(1, new Unreadable(), List.of());
      RoundStart later = new RoundStart(start.run(), next, List.of(), STEPS, 2 * STEPS);
      KeptVectors kept = KeptVectors.of(start.run().name());
      List<String> read = new ArrayList<>();
      kept.parameters(start, vector -> read.add(vector.checksum()));

      assertThatThrownBy(() -> kept.parameters(later, vector -> read.add(vector.checksum())))
          .hasMessage("the block was not found");

      kept.parameters(start, vector -> read.add(vector.checksum())); // a task's second attempt
      assertThat(read).hasSize(2).containsOnly(driver.vector().checksum());
    }
  }

  /** A worker may come back to a process that it left before the snapshot. */
  @Test
  void momentsFromBeforeTheSnapshotAreLeftEvenIfRowsAreDealtBySpeed() {
    AveragingSettings bySpeed =
        new AveragingSettings(
            STEPS, OuterOptimizer.Settings.AVERAGE, true, true, VectorType.FLOAT32, 11);
    RoundStart.Run run = new RoundStart.Run("dealt by speed", bySpeed, PLAN, rows);
    RoundStart.Snapshot snapshot = new RoundStart.Snapshot(5, new Unreadable(), List.of());
    RoundStart.Past past = new RoundStart.Past(10, 12, new Unreadable());
    RoundStart start = new RoundStart(run, snapshot, List.of(past), 12, 14);

    assertThat(start.hasMomentsOf(0, 4)).isFalse();
    assertThat(start.hasMomentsOf(0, 5)).isTrue();
    assertThat(start.hasMomentsOf(0, 7)).isTrue(); // of a round that is taken again
  }

  @Test
  void aTaskThatOutlivesItsRunKeepsNothing() {
    try (TrainedVectors driver = initial();
        LocalRounds rounds = rounds(settings(VectorType.FLOAT32), driver);
        TrainedVectors late = TrainedVectors.zeros(model, rule)) {
      RoundStart start = rounds.start(0, STEPS);
      start.load(0, late);
      start.change(0, late, 1).close();
      rounds.run().close();
      long before = NativeMemory.liveBytes();
      start.change(0, late, 1).close();
      assertThat(NativeMemory.liveBytes()).isEqualTo(before);
    }
  }

  @Test
  void allMemoryIsFreed() {
    train(settings(VectorType.INT8), 3); // loads the model
    long before = NativeMemory.liveBytes();
    train(settings(VectorType.INT8), 3);
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }
}
