package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.spark.workers.ExecutorWorkers;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.RowsInMemory;
import org.sparklora.train.StepRows;
import org.sparklora.train.TestModels;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.step.Evaluation;
import org.sparklora.train.step.SummedGradients;
import org.sparklora.train.vector.VectorType;
import org.sparklora.train.workers.LocalWorkers;

/** What crosses to an engine whose tensors lie apart from this process's memory, and back. */
class ResidencyTest {
  private static final int STEPS = 6;

  @TempDir private Path folder;
  private final Optional<String> before = Optional.ofNullable(System.getProperty("lora.engine"));
  private TrainedModel model;
  private SparkSession session; // whose executor is told
  private long vector; // bytes of the parameters, of the gradient, of either moment

  @BeforeEach
  void prepare() throws IOException {
    model =
        TrainedModel.adapter(
            TestModels.source(TestModels.copy("llama-tiny", folder)),
            new LoraConfig(4, 8, 0, false, LoraTargets.names(List.of("all-linear"))),
            Precision.FLOAT32,
            true,
            42);
    vector = Float.BYTES * model.layout().size();
    session = TestSpark.open(2);
    use("vector-apart");
  }

  private void use(String engine) {
    ExecutorModel.release(model);
    Engines.close();
    System.setProperty("lora.engine", engine);
  }

  @AfterEach
  void leaveTheEngineAsItWas() {
    session.close();
    ExecutorModel.release(model);
    Engines.close();
    before.ifPresentOrElse(
        name -> System.setProperty("lora.engine", name), () -> System.clearProperty("lora.engine"));
  }

  private TrainedNetwork network() {
    OptimizerConfig optimizer = new OptimizerConfig(1e-3, 0.9, 0.999, 1e-8, 0.01, 0.5);
    TrainedNetwork network =
        TrainedNetwork.create(model, optimizer, ScheduleConfig.defaults(), STEPS);
    ((AdapterLayout) model.layout()).initialize(parameters(network), 1);
    return network;
  }

  private Tensor parameters(TrainedNetwork network) {
    return Engines.host().alias(network.vectors().parameters(), network.vectors().size()).tensor();
  }

  private static TrainingRows rows() {
    List<PackedSequence> rows = new ArrayList<>();
    for (int row = 0; row < 2 * STEPS; row++) {
      int[] tokens = new int[12];
      for (int i = 0; i < tokens.length; i++) {
        tokens[i] = (31 * i + 7 * row) % 500;
      }
      rows.add(new PackedSequence(tokens, tokens, new int[] {tokens.length}));
    }
    return RowsInMemory.of(rows);
  }

  /** A step of two micro-batches. */
  private static StepRows step(int step) {
    return new StepRows(step, 0, 22, List.of(new int[] {step}, new int[] {STEPS + step}));
  }

  private static void assertCrossed(long sent, long fetched) {
    assertThat(ApartVectorProvider.SENT.getAndSet(0)).as("bytes sent").isEqualTo(sent);
    assertThat(ApartVectorProvider.FETCHED.getAndSet(0)).as("bytes fetched").isEqualTo(fetched);
  }

  /** From here on, with the frozen weights where they are needed. */
  private void nothingHasCrossed() {
    ExecutorModel.of(model).close();
    ApartVectorProvider.SENT.set(0);
    ApartVectorProvider.FETCHED.set(0);
  }

  @Test
  void ofOneWorkerNothingCrossesBetweenStepsAndWhatIsReadCrossesOnce() {
    try (TrainingRows rows = rows();
        TrainedNetwork network = network()) {
      ParameterAveraging training =
          new ParameterAveraging(
              new LocalWorkers(),
              model,
              network,
              rows,
              TinyAdapter.plan(),
              TinyAdapter.mean(2, VectorType.FLOAT32));
      nothingHasCrossed();
      training.train(List.of(List.of(step(0), step(1))));
      assertCrossed(3 * vector, 0); // parameters and moments, to begin with

      training.train(List.of(List.of(step(2), step(3))));
      new Evaluation(new LocalWorkers(), network.vectors(), rows, 2).run(4);
      assertCrossed(0, 0);

      assertThat(network.vectors().vector().checksum())
          .isEqualTo(network.vectors().vector().checksum());
      assertCrossed(0, vector); // read, and still there
      network.vectors().parameters(); // a checkpoint
      network.vectors().moments();
      assertCrossed(0, 2 * vector);

      training.train(List.of(List.of(step(4), step(5)))); // somebody may have written
      assertCrossed(3 * vector, 0);
    }
  }

  @Test
  void ofAveragedWorkersEachTakesItsVectorsOnceARoundAndGivesThemBackOnce() {
    try (TrainingRows rows = rows();
        TrainedNetwork network = network()) {
      ParameterAveraging training =
          new ParameterAveraging(
              new LocalWorkers(),
              model,
              network,
              rows,
              TinyAdapter.plan(),
              TinyAdapter.mean(3, VectorType.FLOAT32));
      nothingHasCrossed();
      for (int first = 0; first < STEPS; first += 3) {
        List<StepRows> three = List.of(step(first), step(first + 1), step(first + 2));
        training.train(List.of(three, three));
        assertCrossed(2 * 3 * vector, 2 * 3 * vector);
      }
    }
  }

  @Test
  void gradientsThatAreSummedInThisProcessDoNotCross() {
    try (TrainingRows rows = rows();
        TrainedNetwork network = network()) {
      SummedGradients training = new SummedGradients(new LocalWorkers(), network.vectors(), rows);
      nothingHasCrossed();
      training.train(List.of(List.of(step(0)), List.of(step(0))));
      assertCrossed(3 * vector, 0);
      training.train(List.of(List.of(step(1)), List.of(step(1))));
      assertCrossed(0, 0);
    }
  }

  @Test
  void gradientsThatAreSummedOverExecutorsCrossOnceAndParametersToEachExecutorOnce() {
    session.close();
    session = TestSpark.builder(2).config(ExecutorWorkers.SHARED_MEMORY, "false").getOrCreate();
    try (TrainingRows rows = rows();
        TrainedNetwork network = network()) {
      SummedGradients training =
          new SummedGradients(
              ExecutorWorkers.of(new JavaSparkContext(session.sparkContext()), 2),
              network.vectors(),
              rows);
      nothingHasCrossed();
      for (int step = 0; step < 2; step++) {
        training.train(List.of(List.of(step(step)), List.of(step(step))));
        assertCrossed(vector, 2 * vector); // two workers of one executor
      }
    }
  }
}
