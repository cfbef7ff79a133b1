package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.RowsInMemory;
import org.sparklora.train.StepRows;
import org.sparklora.train.TestModels;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.step.SummedGradients;
import org.sparklora.train.workers.LocalWorkers;

/** What the blog says of LoRA's parametrisation, as properties of the training step. */
class InvarianceTest {
  private static final int STEPS = 6;
  private static final double RATE = 1e-3;
  private static final double EPSILON = 1e-8;
  private static final double ALPHA = 32;
  private static final long TARGETS = 2 * 15;

  private static Path checkpoint;

  /** The losses with rank 4, alpha and rate as they are, which tests compare with others. */
  private static List<Double> plain;

  @BeforeAll
  static void prepare(@TempDir Path folder) throws IOException {
    checkpoint = TestModels.copy("llama-tiny", folder);
    plain = losses(lora(4, ALPHA, false), adam(RATE, EPSILON), 1, 1);
  }

  private static TrainingRows rows() {
    List<PackedSequence> rows = new ArrayList<>();
    for (int row = 0; row < 2; row++) {
      int[] tokens = new int[16];
      for (int i = 0; i < tokens.length; i++) {
        tokens[i] = (37 * i + 11 * row + i * i) % 500;
      }
      rows.add(new PackedSequence(tokens, tokens, new int[] {tokens.length}));
    }
    return RowsInMemory.of(rows);
  }

  /**
   * The losses before each step on the same rows.
   *
   * @param scaleA by which the adapter's first values are multiplied; its B begins with zeros
   */
  private static List<Double> losses(
      LoraConfig lora, OptimizerConfig optimizer, float scaleA, long seed) {
    TrainedModel model =
        TrainedModel.adapter(TestModels.source(checkpoint), lora, Precision.FLOAT32, false, seed);
    AdapterLayout layout = (AdapterLayout) model.layout();
    List<Double> losses = new ArrayList<>();
    try (TrainingRows rows = rows();
        TrainedNetwork network =
            TrainedNetwork.create(
                model, optimizer, new ScheduleConfig(ScheduleConfig.Type.CONSTANT, 0), STEPS)) {
      Tensor parameters =
          Engines.host().alias(network.vectors().parameters(), layout.size()).tensor();
      layout.initialize(parameters, seed);
      float[] values = parameters.toArray();
      for (int i = 0; i < values.length; i++) {
        values[i] *= scaleA;
      }
      parameters.write(0, values, 0, values.length);
      SummedGradients steps = new SummedGradients(new LocalWorkers(), network.vectors(), rows);
      for (int step = 0; step < STEPS; step++) {
        StepRows all = new StepRows(step, 0, TARGETS, List.of(new int[] {0, 1}));
        losses.add(steps.train(List.of(List.of(all))).steps().get(0).loss());
      }
    } finally {
      ExecutorModel.release(model);
    }
    return losses;
  }

  private static LoraConfig lora(int rank, double alpha, boolean rslora) {
    return new LoraConfig(rank, alpha, 0, rslora, LoraTargets.names(List.of("all-linear")));
  }

  private static OptimizerConfig adam(double rate, double epsilon) {
    return new OptimizerConfig(rate, 0.9, 0.999, epsilon, 0, 0);
  }

  /**
   * Alpha divided by p², A's first values, both rates and what Adam adds multiplied and divided by
   * p: the same function is learned. Powers of two change no digit of a float, so that it is the
   * same to the last bit.
   */
  @ParameterizedTest
  @ValueSource(doubles = {0.5, 2, 4})
  void alphaInitialisationAndRatesScaleAgainstEachOther(double p) {
    List<Double> scaled =
        losses(lora(4, ALPHA / (p * p), false), adam(RATE * p, EPSILON / p), (float) p, 1);

    assertThat(plain.get(STEPS - 1)).isLessThan(plain.get(0)); // it learns
    assertThat(scaled).isEqualTo(plain);
  }

  /** Alpha alone is another function: else the test above would show nothing. */
  @Test
  void alphaAloneIsNotInvariant() {
    assertThat(losses(lora(4, ALPHA / 4, false), adam(RATE, EPSILON), 1, 1)).isNotEqualTo(plain);
  }

  private double meanDrop(int rank, boolean rslora) {
    double drop = 0;
    int seeds = 6;
    for (int seed = 1; seed <= seeds; seed++) {
      List<Double> losses = losses(lora(rank, ALPHA, rslora), adam(RATE / 10, EPSILON), 1, seed);
      drop += (losses.get(0) - losses.get(STEPS - 1)) / seeds;
    }
    return drop;
  }

  /**
   * "The early learning curve is the same for all ranks" (blog), since the update is a mean over R
   * terms of one distribution: the mean over seeds differs by what six seeds leave. With alpha / √R
   * it is √R times larger.
   */
  @Test
  void earlyStepsDoNotDependOnTheRank() {
    double four = meanDrop(4, false);
    double thirtyTwo = meanDrop(32, false);
    double stable = meanDrop(32, true);

    assertThat(four).isPositive();
    assertThat(thirtyTwo / four).isBetween(0.75, 1.33);
    assertThat(stable / four).isGreaterThan(2);
  }
}
