package org.sparklora.train.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.AccumulationWindow;
import org.sparklora.model.loss.GrpoLossConfigs;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.PolicyMetrics;
import org.sparklora.train.PolicyMicroBatch;
import org.sparklora.train.TestModels;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.workers.LocalWorkers;

/** Two workers take three steps on a policy by themselves, and are averaged. */
class LocalPolicyStepsTest {
  private static final int WORKERS = 2;
  private static final int STEPS = 3;

  @TempDir private Path folder;

  private static PolicyMicroBatch microBatch(int worker, int step) {
    List<PolicyRow> rows = new ArrayList<>();
    for (int row = 0; row < 2; row++) {
      int first = 3 + 40 * worker + 10 * step + row;
      int[] completion = {first, first + 2, first + 4};
      rows.add(PolicyRow.of(new int[] {1, 2, first}, completion, row == 0 ? 1f : -0.5f, false));
    }
    return new PolicyMicroBatch(
        step, worker, rows, GrpoLossConfigs.defaults(), AccumulationWindow.of(1, 12, 2));
  }

  private static List<List<PolicyMicroBatch>> steps(int worker) {
    List<List<PolicyMicroBatch>> steps = new ArrayList<>();
    for (int step = 0; step < STEPS; step++) {
      steps.add(List.of(microBatch(worker, step)));
    }
    return steps;
  }

  private static float[] moments(TrainedVectors vectors) {
    return Engines.host().alias(vectors.moments(), 2 * vectors.size()).tensor().toArray();
  }

  private static float[] parameters(TrainedVectors vectors) {
    return Engines.host().alias(vectors.parameters(), vectors.size()).tensor().toArray();
  }

  @Test
  void parametersAndMomentsAreTheMeansOfWorkersThatTrainAlone() throws IOException {
    Path checkpoint = TestModels.copy("llama-tiny", Files.createDirectory(folder.resolve("model")));
    TrainedModel model =
        TrainedModel.adapter(
            TestModels.source(checkpoint),
            new LoraConfig(4, 8, 0, false, LoraTargets.names(List.of("all-linear"))),
            Precision.FLOAT32,
            true,
            42);
    StepRule rule =
        StepRule.of(
            model.layout(),
            new OptimizerConfig(1e-2, 0.9, 0.999, 1e-8, 0.01, 1.0),
            ScheduleConfig.defaults(),
            STEPS);
    List<TrainedVectors> alone = new ArrayList<>();
    List<List<PolicyMetrics>> ofWorkers = new ArrayList<>();
    try (TrainedVectors averaged = initial(model, rule);
        PolicyUpdates together = new PolicyUpdates(new LocalWorkers(), averaged)) {
      for (int worker = 0; worker < WORKERS; worker++) {
        TrainedVectors own = initial(model, rule);
        alone.add(own);
        try (PolicyUpdates updates = new PolicyUpdates(new LocalWorkers(), own)) {
          List<PolicyMetrics> taken = new ArrayList<>();
          for (List<PolicyMicroBatch> step : steps(worker)) {
            taken.add(updates.apply(updates.gradient(step.get(0).step(), step)));
          }
          ofWorkers.add(taken);
        }
      }

      List<PolicyMetrics> metrics = together.average(List.of(steps(0), steps(1)));

      assertMean(parameters(averaged), parameters(alone.get(0)), parameters(alone.get(1)));
      assertMean(moments(averaged), moments(alone.get(0)), moments(alone.get(1)));
      assertThat(parameters(alone.get(0))).isNotEqualTo(parameters(alone.get(1)));
      for (int step = 0; step < STEPS; step++) {
        PolicyMetrics first = ofWorkers.get(0).get(step);
        PolicyMetrics second = ofWorkers.get(1).get(step);
        assertThat(metrics.get(step).step()).isEqualTo(step);
        assertThat(metrics.get(step).loss()).isEqualTo((first.loss() + second.loss()) / 2);
        assertThat(metrics.get(step).gradNorm())
            .isEqualTo((first.gradNorm() + second.gradNorm()) / 2);
        assertThat(metrics.get(step).microBatches())
            .containsExactly(first.microBatches().get(0), second.microBatches().get(0));
      }
    } finally {
      alone.forEach(TrainedVectors::close);
      ExecutorModel.release(model);
    }
  }

  private static TrainedVectors initial(TrainedModel model, StepRule rule) {
    TrainedVectors vectors = TrainedVectors.zeros(model, rule);
    ((AdapterLayout) model.layout())
        .initialize(Engines.host().alias(vectors.parameters(), vectors.size()).tensor(), 1);
    return vectors;
  }

  private static void assertMean(float[] mean, float[] first, float[] second) {
    float[] expected = new float[first.length];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = (float) ((first[i] + (double) second[i]) / 2);
    }
    assertThat(mean).containsExactly(expected, within(1e-7f));
  }
}
