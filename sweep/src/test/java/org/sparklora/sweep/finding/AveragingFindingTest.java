package org.sparklora.sweep.finding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sparklora.sweep.SweepMetric;

/** The excess of averaged parameters over exact data parallelism, from trials with known losses. */
class AveragingFindingTest {
  private static final SweepMetric LOSS = new SweepMetric("eval_loss", true, 1);

  private static void three(Trials trials, String flags, double loss) {
    for (int seed = 1; seed <= 3; seed++) {
      trials.add("%s --seed %s".formatted(flags, seed), loss + 0.1 * seed);
    }
  }

  private static String workers(int workers, int rows, int frequency) {
    return "--sync parameters --num_workers %s --per_device_train_batch_size %s --averaging_frequency %s"
        .formatted(workers, rows, frequency);
  }

  @Test
  void eachNumberOfWorkersIsComparedWithSummedGradientsOfItsGlobalBatch() {
    Trials trials = new Trials(LOSS);
    three(trials, "--sync gradients --per_device_train_batch_size 8", 1.8); // mean 2
    three(trials, "--sync gradients --per_device_train_batch_size 16", 2.8); // mean 3
    three(trials, workers(2, 4, 5), 1.802);
    three(trials, workers(2, 4, 30), 1.804); // 0.2 %
    three(trials, workers(4, 2, 30), 1.84); // 2 %
    three(trials, workers(8, 2, 30), 2.83); // 1 % of 3
    three(trials, workers(16, 1, 30), 2.86); // 2 % of 3
    Findings findings = AveragingFinding.of(trials.study());

    assertThat(findings.verdicts())
        .extracting(Conclusion::text)
        .satisfiesExactly(
            two -> assertThat(two).contains("2 workers, 30 steps").endsWith(": holds"),
            four -> assertThat(four).contains("4 workers").endsWith(": does not hold"),
            eight -> assertThat(eight).contains("8 workers").contains("0.010").endsWith(": holds"));
    @SuppressWarnings("unchecked") // points of results.json
    List<Map<String, Object>> points =
        (List<Map<String, Object>>) findings.numbers().get("excesses");
    assertThat(points)
        .extracting(point -> point.get("workers"), point -> point.get("averaging_frequency"))
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(2, 5),
            org.assertj.core.groups.Tuple.tuple(2, 30),
            org.assertj.core.groups.Tuple.tuple(4, 30),
            org.assertj.core.groups.Tuple.tuple(8, 30),
            org.assertj.core.groups.Tuple.tuple(16, 30));
    assertThat((double) points.get(0).get("excess")).isEqualTo(0.001, within(1e-12));
    assertThat((double) points.get(4).get("excess")).isEqualTo(0.02, within(1e-12));
    assertThat(findings.figures().get(0).lines()).hasSize(4);
  }

  @Test
  void withoutSummedGradientsOfTheBatchNothingIsDecided() {
    Trials trials = new Trials(LOSS);
    three(trials, "--sync gradients --per_device_train_batch_size 16", 1.8);
    three(trials, workers(2, 4, 30), 1.8);
    Findings findings = AveragingFinding.of(trials.study());

    assertThat(findings.verdicts())
        .extracting(Conclusion::text)
        .singleElement()
        .asString()
        .contains("not decided")
        .contains("it takes trials of both kinds of --sync with one global batch");
  }

  @Test
  void severalGlobalBatchesInOneLineDecideNothing() {
    Trials trials = new Trials(LOSS);
    three(trials, "--sync gradients --per_device_train_batch_size 8", 1.8);
    three(trials, workers(2, 4, 30), 1.9);
    three(trials, workers(2, 8, 30), 1.7); // better, but of another batch

    assertThat(AveragingFinding.of(trials.study()).verdicts())
        .extracting(Conclusion::text)
        .singleElement()
        .asString()
        .endsWith("it takes trials of both kinds of --sync with one global batch");
  }

  @Test
  void aLowerRewardIsAnExcessBelowZeroToo() {
    Trials trials = new Trials(new SweepMetric("eval_reward", false, 1));
    three(trials, "--sync gradients --per_device_train_batch_size 8", -1.2); // mean -1
    three(trials, workers(2, 4, 30), -2.2); // mean -2

    assertThat(AveragingFinding.of(trials.study()).verdicts())
        .extracting(Conclusion::text)
        .singleElement()
        .asString()
        .contains(" 1.0 [")
        .endsWith(": does not hold");
  }

  @Test
  void aLowerAccuracyIsAnExcessAndTheBestTrialOfASeedCounts() {
    Trials trials = new Trials(new SweepMetric("eval_mean_token_accuracy", false, 1));
    three(trials, "--sync gradients --per_device_train_batch_size 8", 0.3); // mean 0.5
    three(trials, workers(2, 4, 30), 0.2); // mean 0.4: 20 % less
    three(trials, workers(2, 4, 30) + " --learning_rate 1e-5", 0.1);
    Findings findings = AveragingFinding.of(trials.study());

    assertThat(findings.verdicts())
        .extracting(Conclusion::text)
        .singleElement()
        .asString()
        .contains("0.20")
        .endsWith(": does not hold");
  }
}
