package org.sparklora.sweep.finding;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sparklora.sweep.SweepMetric;
import org.sparklora.sweep.TrialOutcome;

/** Findings on grids with values that have no place on their axes, or with a further axis. */
class UnusualGridsTest {
  private static final SweepMetric EVAL_LOSS = new SweepMetric("eval_loss", true, 1);
  private static final SweepMetric LOSS = new SweepMetric("loss", true, 1);
  private static final String FULL = "--use_peft false";
  private static final String RANK = "--use_peft true --lora_r ";
  private static final double[] RATES = {1e-5, 1e-4, 1e-3, 1e-2};
  private static final double[] STEPS = {5, 10, 20, 40};

  private static void rates(Trials trials, String kind, double best) {
    for (int seed = 1; seed <= 3; seed++) {
      for (double rate : RATES) {
        trials.add(
            "%s --learning_rate %s --seed %s".formatted(kind, rate, seed),
            Trials.bowl(best, 2).applyAsDouble(rate));
      }
    }
  }

  /** A rate of 0 as a control: what the model is worth untrained. */
  @Test
  void aRateOfZeroHasNoPlaceAmongTheRates() {
    Trials trials = new Trials(EVAL_LOSS);
    rates(trials, FULL, 1e-4);
    rates(trials, RANK + 16, 1e-3);
    for (int seed = 1; seed <= 3; seed++) {
      trials.add(FULL + " --learning_rate 0 --seed " + seed, 2.01);
      trials.add(RANK + "16 --learning_rate 0 --seed " + seed, 2.01);
    }

    Findings findings = LearningRateFinding.of(trials.study());

    assertThat(findings.verdicts().get(0).text())
        .startsWith("learning-rate ratio LoRA/full 10 [10, 10], 3 seeds");
    assertThat(findings.figures().get(0).lines())
        .hasSize(2)
        .allSatisfy(line -> assertThat(line.x()).containsExactly(RATES));
    assertThat(RlRankFinding.of(trials.study()).numbers().get("bands").toString())
        .doesNotContain("null");
  }

  @Test
  void eachPairOfSeedsIsARepetition() {
    Trials trials = new Trials(EVAL_LOSS);
    for (int seed = 1; seed <= 2; seed++) {
      for (int ofData = 1; ofData <= 2; ofData++) {
        trials.add(
            "%s --learning_rate 1e-4 --seed %s --data_seed %s".formatted(FULL, seed, ofData),
            seed + 10 * ofData);
      }
    }

    Study study = trials.study();

    assertThat(study.seeds()).hasSize(4);
    assertThat(RateCurves.of(study).curves().get(0).values()[0]).containsExactly(11, 21, 12, 22);
  }

  private static void losses(Trials trials, int rank, String rate, double... losses) {
    for (int seed = 1; seed <= 3; seed++) {
      trials.add(
          "%s%s --learning_rate %s --seed %s".formatted(RANK, rank, rate, seed), STEPS, losses);
    }
  }

  @Test
  void firstStepsOfRanksAreNotComparedAtARateOfZero() {
    Trials trials = new Trials(LOSS);
    for (int rank : new int[] {1, 8}) {
      losses(trials, rank, "0", 3, 3, 3, 3);
      losses(trials, rank, "1e-4", 2.8 - 0.01 * rank, 2.7 - 0.01 * rank, 2.6, 2.5);
      losses(trials, rank, "3e-4", 2.7 - 0.01 * rank, 2.5 - 0.01 * rank, 2.4, 2.3);
    }

    assertThat(LearningRateFinding.of(trials.study()).verdicts().get(2).text())
        .contains("over ranks 1, 8 at 1.0e-4 over that between rates")
        .endsWith(": does not hold");
  }

  @Test
  void runsWhoseEpochsDecideHaveNoLength() {
    Trials trials = new Trials(EVAL_LOSS);
    for (String length : List.of("", " --max_steps 50", " --max_steps 500")) {
      rates(trials, FULL + length, 1e-4);
      rates(trials, RANK + 8 + length, 1e-3);
    }

    Findings findings = ShortRunsFinding.of(trials.study());

    assertThat(findings.verdicts().get(0).text())
        .startsWith("LoRA/full multiplier, 50 steps over 500 steps 1.0 [1.0, 1.0]");
    assertThat(findings.figures().get(0).lines().get(0).x()).containsExactly(50, 500);
  }

  @Test
  void theCapacityOfARankIsThatOfItsOwnLayers() {
    Trials trials = new Trials(EVAL_LOSS);
    for (int rank : new int[] {1, 4}) {
      for (String layers : List.of("q_proj", "all-linear")) {
        trials.add("%s%s --lora_target_modules %s".formatted(RANK, rank, layers), 2);
      }
    }
    List<Study.Measured> measured =
        trials.study().measured().stream()
            .map(one -> one.trial().values().containsValue("q_proj") ? one : wider(one))
            .toList();

    Findings findings = CapacityFinding.of(new Study(EVAL_LOSS, trials.study().seeds(), measured));

    @SuppressWarnings("unchecked") // as it was put there
    List<Map<String, Object>> departures =
        (List<Map<String, Object>>) findings.numbers().get("departures");
    assertThat(departures)
        .extracting(curve -> curve.get("trained_parameters"))
        .containsExactly(10L, 70L, 40L, 280L);
  }

  /** A trial with seven times the parameters. */
  private static Study.Measured wider(Study.Measured one) {
    TrialOutcome of = one.outcome();
    long parameters = 7 * of.trainedParameters();
    return new Study.Measured(
        one.trial(),
        new TrialOutcome(
            of.trial(),
            of.values(),
            of.state(),
            of.reason(),
            of.step(),
            of.seconds(),
            parameters,
            of.log()));
  }
}
