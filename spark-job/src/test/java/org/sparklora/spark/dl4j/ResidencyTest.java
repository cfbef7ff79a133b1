package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.Engines;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.step.Evaluation;
import org.sparklora.train.step.SummedGradients;
import org.sparklora.train.vector.VectorType;
import org.sparklora.train.workers.LocalWorkers;

/** What crosses to an engine whose tensors lie apart from this process's memory, and back. */
class ResidencyTest extends TinyAdapterRuns {
  private static final int STEPS = 6;

  private final Optional<String> before = Optional.ofNullable(System.getProperty("lora.engine"));

  /** Bytes of the parameters, of the gradient, of either moment. */
  private final long vector = Float.BYTES * adapter.model().layout().size();

  @BeforeEach
  void useAnEngineApart() {
    ExecutorModel.release(adapter.model());
    Engines.close();
    System.setProperty("lora.engine", "vector-apart");
  }

  @AfterEach
  void leaveTheEngineAsItWas() {
    ExecutorModel.release(adapter.model());
    Engines.close();
    before.ifPresentOrElse(
        name -> System.setProperty("lora.engine", name), () -> System.clearProperty("lora.engine"));
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
  private static void nothingHasCrossed() {
    ExecutorModel.of(adapter.model()).close();
    ApartVectorProvider.SENT.set(0);
    ApartVectorProvider.FETCHED.set(0);
  }

  @Test
  void ofOneWorkerNothingCrossesBetweenStepsAndWhatIsReadCrossesOnce() {
    try (TrainingRows rows = TinyAdapter.rows();
        TrainedNetwork network = adapter.network(STEPS)) {
      ParameterAveraging training = averaging(network, 2);
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

  private static ParameterAveraging averaging(TrainedNetwork network, int frequency) {
    return adapter.averaging(
        new LocalWorkers(), network, TinyAdapter.mean(frequency, VectorType.FLOAT32));
  }

  @Test
  void ofAveragedWorkersEachTakesItsVectorsOnceARoundAndGivesThemBackOnce() {
    try (TrainedNetwork network = adapter.network(STEPS)) {
      ParameterAveraging training = averaging(network, 3);
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
    try (TrainingRows rows = TinyAdapter.rows();
        TrainedNetwork network = adapter.network(STEPS)) {
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
    TestSpark.shareMemory(false);
    try (TrainingRows rows = TinyAdapter.rows();
        TrainedNetwork network = adapter.network(STEPS)) {
      SummedGradients training = new SummedGradients(workers(2), network.vectors(), rows);
      nothingHasCrossed();
      for (int step = 0; step < 2; step++) {
        training.train(List.of(List.of(step(step)), List.of(step(step))));
        assertCrossed(vector, 2 * vector); // two workers of one executor
      }
    }
  }
}
