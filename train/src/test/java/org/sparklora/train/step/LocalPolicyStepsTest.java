package org.sparklora.train.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.loss.AccumulationWindow;
import org.sparklora.model.loss.GrpoLossConfigs;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.PolicyMetrics;
import org.sparklora.train.PolicyMicroBatch;
import org.sparklora.train.TestModels;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.workers.LocalWorkers;

/** Two workers take three steps on a policy by themselves, and are averaged. */
class LocalPolicyStepsTest {
  private static final int WORKERS = 2;
  private static final int STEPS = 3;

  @TempDir private Path folder;
  private static TrainedModel model;
  private static StepRule rule;

  @BeforeAll
  static void prepare(@TempDir Path place) throws IOException {
    model = TestModels.adapter(TestModels.copy("llama-tiny", place), 4, 42);
    rule =
        StepRule.of(
            model.layout(),
            new OptimizerConfig(1e-2, 0.9, 0.999, 1e-8, 0.01, 1.0),
            new ScheduleConfig(ScheduleConfig.Type.LINEAR, 0),
            STEPS);
  }

  @AfterAll
  static void freeTheModel() {
    ExecutorModel.release(model);
  }

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
  void parametersAndMomentsAreTheMeansOfWorkersThatTrainAlone() {
    List<TrainedVectors> alone = new ArrayList<>();
    List<List<PolicyMetrics>> ofWorkers = new ArrayList<>();
    try (TrainedVectors averaged = initial();
        PolicyUpdates together = updates(averaged, Optional.empty())) {
      for (int worker = 0; worker < WORKERS; worker++) {
        TrainedVectors own = initial();
        alone.add(own);
        try (PolicyUpdates updates = updates(own, Optional.empty())) {
          List<PolicyMetrics> taken = new ArrayList<>();
          for (List<PolicyMicroBatch> step : steps(worker)) {
            taken.add(updates.apply(taken.size(), updates.gradient(step)));
          }
          ofWorkers.add(taken);
        }
      }

      List<PolicyMetrics> metrics = average(together);

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
    }
  }

  private static List<PolicyMetrics> average(PolicyUpdates updates) {
    return updates.average(List.of(steps(0), steps(1)));
  }

  /** Nesterov's formula in double, over the changes to the means of the workers. */
  @Test
  void anOuterOptimizerStepsAlongTheMeanChangeAndItsMomentumOutlivesAProcess() throws IOException {
    var outer = Optional.of(new OuterOptimizer.Settings(0.5, 0.25));
    try (TrainedVectors vectors = initial();
        PolicyUpdates updates = updates(vectors, outer);
        TrainedVectors plain = copy(vectors);
        PolicyUpdates means = updates(plain, Optional.empty())) {
      float[] start = parameters(vectors);
      average(means);
      average(updates);
      double[] first = change(start, parameters(plain));
      float[] afterOne = parameters(vectors);
      assertStep(afterOne, start, first, first); // the momentum begins with the first change
      assertThat(moments(vectors)).isEqualTo(moments(plain));

      updates.write(folder);
      try (TrainedVectors resumed = copy(vectors);
          PolicyUpdates goingOn = updates(resumed, outer);
          TrainedVectors again = copy(vectors);
          PolicyUpdates forgetful = updates(again, outer);
          TrainedVectors second = copy(vectors);
          PolicyUpdates secondMeans = updates(second, Optional.empty())) {
        average(updates);
        average(secondMeans);
        double[] change = change(afterOne, parameters(second));
        double[] momentum = new double[change.length];
        for (int i = 0; i < momentum.length; i++) {
          momentum[i] = 0.25 * first[i] + change[i];
        }
        assertStep(parameters(vectors), afterOne, change, momentum);

        goingOn.read(folder);
        average(goingOn);
        assertThat(parameters(resumed)).isEqualTo(parameters(vectors));
        assertThat(moments(resumed)).isEqualTo(moments(vectors));
        average(forgetful);
        assertThat(parameters(again)).isNotEqualTo(parameters(vectors));
      }
    }
  }

  private static double[] change(float[] from, float[] to) {
    double[] change = new double[from.length];
    for (int i = 0; i < change.length; i++) {
      change[i] = to[i] - (double) from[i];
    }
    return change;
  }

  private static void assertStep(
      float[] after, float[] before, double[] change, double[] momentum) {
    float[] expected = new float[before.length];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = (float) (before[i] + 0.5 * (change[i] + 0.25 * momentum[i]));
    }
    assertThat(after).containsExactly(expected, within(1e-6f)); // means are rounded
    assertThat(after).isNotEqualTo(before);
  }

  private static PolicyUpdates updates(
      TrainedVectors vectors, Optional<OuterOptimizer.Settings> outer) {
    return new PolicyUpdates(new LocalWorkers(), vectors, outer);
  }

  private TrainedVectors copy(TrainedVectors from) {
    TrainedVectors copy = TrainedVectors.zeros(model, rule);
    from.vector().copyTo(copy.parameters());
    try (FlatVector moments = from.copyOfMoments()) {
      moments.copyTo(copy.moments());
    }
    return copy;
  }

  private TrainedVectors initial() {
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
