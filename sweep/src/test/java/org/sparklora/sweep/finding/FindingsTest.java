package org.sparklora.sweep.finding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.sweep.Halving;
import org.sparklora.sweep.SweepMetric;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialOutcome;
import org.sparklora.sweep.finding.Conclusion.Answer;

/** The verdicts, on trials whose numbers are made up so that the answer is known. */
class FindingsTest {
  private static final SweepMetric LOSS = new SweepMetric("eval_loss", true, 1);
  private static final SweepMetric REWARD = new SweepMetric("eval_reward", false, 1);
  private static final double[] RATES = {1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3};

  private static final String FULL = "--use_peft false";
  private static final String RANK = "--use_peft true --lora_r %d";

  /** The trials of one kind over rates and seeds; each seed shifts the best rate a little. */
  private static void sweep(Trials trials, String kind, double best, double least, int seeds) {
    for (int seed = 1; seed <= seeds; seed++) {
      double shifted = best * Math.pow(1.1, seed - 2);
      for (double rate : RATES) {
        trials.add(
            "%s --learning_rate %s --seed %d".formatted(kind, rate, seed),
            Trials.bowl(shifted, least + 0.001 * seed).applyAsDouble(rate));
      }
    }
  }

  private static Conclusion first(Findings findings) {
    return findings.verdicts().get(0);
  }

  @Test
  void aRatioOfTenHoldsWithItsInterval() {
    Trials trials = new Trials(LOSS);
    sweep(trials, FULL, 5e-5, 2, 3);
    sweep(trials, RANK.formatted(16), 5e-4, 2, 3);

    Conclusion verdict = first(LearningRateFinding.of(trials.study()));

    assertThat(verdict.answer()).isEqualTo(Answer.HOLDS);
    assertThat(verdict.text())
        .isEqualTo(
            "learning-rate ratio LoRA/full 10 [10, 10], 3 seeds, blog 10, holds from 5.0 to 20:"
                + " holds");
  }

  /** Trials of {@code OptimumTest}'s cubic, from a decade on, alike for all seeds. */
  private static void cubic(Trials trials, String kind, double decade) {
    double[] x = {0, 1, 2.5, 3};
    double[] y = {0, -11, -14.375, -9};
    for (int seed = 1; seed <= 3; seed++) {
      for (int i = 0; i < x.length; i++) {
        String rate = Double.toString(Math.pow(10, decade + x[i]));
        trials.add("%s --learning_rate %s --seed %d".formatted(kind, rate, seed), y[i]);
      }
    }
  }

  /**
   * The parabolas are lowest at 1.9231, the cubics at 2: whichever is right of each kind, the
   * decades differ by 1, or by 0.0769 more or less.
   */
  @Test
  void theIntervalHoldsTheGridsError() {
    Trials trials = new Trials(LOSS);
    cubic(trials, FULL, -6);
    cubic(trials, RANK.formatted(16), -5);

    assertThat(first(LearningRateFinding.of(trials.study())).text())
        .isEqualTo(
            "learning-rate ratio LoRA/full 10 [8.4, 12], 3 seeds, blog 10, holds from 5.0 to 20:"
                + " holds");
  }

  @Test
  void threeRatesDecideNoRatio() {
    Trials trials = new Trials(LOSS);
    sweep(trials, RANK.formatted(16), 5e-4, 2, 3);
    for (int seed = 1; seed <= 3; seed++) {
      for (String rate : List.of("1e-5", "1e-4", "1e-3")) {
        trials.add(
            FULL + " --learning_rate %s --seed %d".formatted(rate, seed),
            Trials.bowl(5e-5, 2).applyAsDouble(Double.parseDouble(rate)));
      }
    }

    assertThat(first(LearningRateFinding.of(trials.study())).text())
        .endsWith(
            "not decided: three rates about the best do not tell how far a parabola errs (full);"
                + " add one beside them");
  }

  private static void losses(Trials trials, String rate, int rank, double... losses) {
    for (int seed = 1; seed <= 3; seed++) {
      trials.add(
          RANK.formatted(rank) + " --learning_rate %s --seed %d".formatted(rate, seed),
          new double[] {5, 10, 20, 40},
          losses);
    }
  }

  /** Spreads 0 and 0.01, differences 0.1 and 0.2: 0.005 over 0.15. What comes later is no part. */
  @Test
  void ranksThatBeginAlikeHold() {
    Trials trials = new Trials(new SweepMetric("loss", true, 1));
    losses(trials, "1e-4", 1, 2.80, 2.70, 2.6, 2.6);
    losses(trials, "1e-4", 8, 2.80, 2.71, 2.5, 2.1);
    losses(trials, "3e-4", 1, 2.70, 2.50, 2.4, 2.4);
    losses(trials, "3e-4", 8, 2.70, 2.51, 2.2, 2.0);
    losses(trials, "1e-3", 8, 2.60, 2.41, 2.2, 2.0);

    Conclusion verdict = LearningRateFinding.of(trials.study()).verdicts().get(2);

    assertThat(verdict.text())
        .isEqualTo(
            "training losses of the first 10 steps, spread over ranks 1, 8 at 1.0e-4 over that"
                + " between rates 0.033 [0.033, 0.033], 3 seeds, blog 0, holds from 0 to 0.10:"
                + " holds");
    assertThat(LearningRateFinding.of(trials.study()).figures()).hasSize(2);
  }

  @Test
  void ranksThatBeginApartDoNotHold() {
    Trials trials = new Trials(new SweepMetric("loss", true, 1));
    losses(trials, "1e-4", 1, 2.80, 2.70, 2.6, 2.6);
    losses(trials, "1e-4", 8, 2.70, 2.60, 2.5, 2.1);
    losses(trials, "3e-4", 1, 2.70, 2.50, 2.4, 2.4);
    losses(trials, "3e-4", 8, 2.60, 2.40, 2.2, 2.0);

    Conclusion verdict = LearningRateFinding.of(trials.study()).verdicts().get(2);

    assertThat(verdict.answer()).isEqualTo(Answer.DOES_NOT_HOLD);
    assertThat(verdict.value()).isCloseTo(0.1 / 0.15, within(1e-9));
  }

  @Test
  void withoutTwoRatesOfAllRanksTheFirstStepsTellNothing() {
    Trials trials = new Trials(new SweepMetric("loss", true, 1));
    losses(trials, "1e-4", 1, 2.8, 2.7, 2.6, 2.6);
    losses(trials, "1e-4", 8, 2.8, 2.7, 2.5, 2.1);
    losses(trials, "3e-4", 8, 2.7, 2.5, 2.2, 2.0);

    assertThat(LearningRateFinding.of(trials.study()).verdicts().get(2).text())
        .contains("not decided: it takes two ranks at the same two rates");
  }

  @Test
  void aRatioOfTwoDoesNotHold() {
    Trials trials = new Trials(LOSS);
    sweep(trials, FULL, 1e-4, 2, 3);
    sweep(trials, RANK.formatted(16), 2e-4, 2, 3);

    Conclusion verdict = first(LearningRateFinding.of(trials.study()));

    assertThat(verdict.answer()).isEqualTo(Answer.DOES_NOT_HOLD);
    assertThat(verdict.text()).contains("LoRA/full 2.0 [").contains(": does not hold");
  }

  @Test
  void twoSeedsDecideNothing() {
    Trials trials = new Trials(LOSS);
    sweep(trials, FULL, 5e-5, 2, 2);
    sweep(trials, RANK.formatted(16), 5e-4, 2, 2);

    Conclusion verdict = first(LearningRateFinding.of(trials.study()));

    assertThat(verdict.answer()).isEqualTo(Answer.NOT_DECIDED);
    assertThat(verdict.text()).endsWith("not decided: two seeds, a verdict takes three");
  }

  @Test
  void aBestRateAtTheEdgeDecidesNothing() {
    Trials trials = new Trials(LOSS);
    sweep(trials, FULL, 1e-6, 2, 3);
    sweep(trials, RANK.formatted(16), 5e-4, 2, 3);

    assertThat(first(LearningRateFinding.of(trials.study())).text())
        .endsWith("not decided: best rate at the edge of the grid (full: 1.0e-5)");
  }

  @Test
  void withoutFullFineTuningThereIsNoRatio() {
    Trials trials = new Trials(LOSS);
    sweep(trials, RANK.formatted(16), 5e-4, 2, 3);

    assertThat(first(LearningRateFinding.of(trials.study())).reason())
        .contains("an adapter and of all weights");
  }

  @Test
  void ranksWithOneOptimumHaveASmallSpread() {
    Trials trials = new Trials(LOSS);
    sweep(trials, FULL, 5e-5, 2, 3);
    sweep(trials, RANK.formatted(4), 4e-4, 2, 3);
    sweep(trials, RANK.formatted(64), 6e-4, 2, 3);

    Conclusion spread = LearningRateFinding.of(trials.study()).verdicts().get(1);

    assertThat(spread.answer()).isEqualTo(Answer.HOLDS);
    assertThat(spread.value()).isBetween(1.4, 1.6);
  }

  @Test
  void aDivergedRateIsWorseThanAllOthers() {
    Trials trials = new Trials(LOSS);
    for (int seed = 1; seed <= 3; seed++) {
      trials.add(FULL + " --learning_rate 1e-4 --seed " + seed, 2);
      trials.add(FULL + " --learning_rate 1e-3 --seed " + seed, 1);
      trials.add(FULL + " --learning_rate 1e-2 --seed " + seed, Double.NaN);
    }

    RateCurves curves = RateCurves.of(trials.study());

    assertThat(curves.obstacle()).isEmpty();
    assertThat(curves.optima().get(0).get("best_rate")).isEqualTo(1e-3);
  }

  private static final String LAYERS = "--use_peft true --lora_target_modules ";

  @Test
  void attentionThatIsWorseAndFeedForwardLikeAllHold() {
    Trials trials = new Trials(LOSS);
    sweep(trials, LAYERS + "q_proj,k_proj,v_proj,o_proj", 3e-4, 2.3, 3);
    sweep(trials, LAYERS + "gate_proj,up_proj,down_proj", 3e-4, 2.0, 3);
    sweep(trials, LAYERS + "all-linear", 3e-4, 2.01, 3);

    List<Conclusion> verdicts = LayersFinding.of(trials.study()).verdicts();

    assertThat(verdicts).extracting(Conclusion::answer).containsOnly(Answer.HOLDS);
    assertThat(verdicts.get(0).text())
        .startsWith("eval_loss, attention only minus feed forward only at best rates 0.30 [");
  }

  @Test
  void attentionThatIsBetterDoesNotHold() {
    Trials trials = new Trials(LOSS);
    sweep(trials, LAYERS + "q_proj,v_proj", 3e-4, 1.9, 3);
    sweep(trials, LAYERS + "gate_proj,up_proj,down_proj", 3e-4, 2.0, 3);

    List<Conclusion> verdicts = LayersFinding.of(trials.study()).verdicts();

    assertThat(verdicts.get(0).answer()).isEqualTo(Answer.DOES_NOT_HOLD);
    assertThat(verdicts.get(1).answer()).isEqualTo(Answer.NOT_DECIDED);
  }

  /**
   * Of all layers the grid has the lowest point; of feed-forward a finer one would gain 0.01 / 1.2.
   */
  @Test
  void whatAFinerGridMightGainIsInTheInterval() {
    Trials trials = new Trials(LOSS);
    String[] rates = {"1e-4", "1e-3", "1e-2"};
    double[] forward = {2.2, 2.0, 2.4};
    double[] all = {2.2, 2.0, 2.2};
    for (int seed = 1; seed <= 3; seed++) {
      for (int i = 0; i < rates.length; i++) {
        String of = " --learning_rate %s --seed %d".formatted(rates[i], seed);
        trials.add(LAYERS + "gate_proj,up_proj,down_proj" + of, forward[i]);
        trials.add(LAYERS + "all-linear" + of, all[i]);
      }
    }

    Conclusion verdict = LayersFinding.of(trials.study()).verdicts().get(1);

    assertThat(verdict.value()).isZero();
    assertThat(verdict.interval().low()).isCloseTo(-0.975 * 0.01 / 1.2, within(1e-4));
    assertThat(verdict.interval().high()).isZero(); // what was measured
  }

  private static final double[] WIDE = {1e-5, 1e-4, 1e-3, 1e-2};

  /** Good from 1e-4 to 1e-3: the band ends anywhere in the decades beside them. */
  @Test
  void aBandEndsBetweenTheLastGoodRateAndTheNext() {
    double[][] rewards = {{0.1}, {0.9}, {0.85}, {0.3}};
    SeedCurve curve = new SeedCurve("r 1", null, WIDE, rewards);

    assertThat(RlRankFinding.band(REWARD, curve, Draw.measured(1), "r 1"))
        .isCloseTo(100, within(1e-9));
    Bootstrap.Interval interval =
        Bootstrap.of(1, draw -> RlRankFinding.band(REWARD, curve, draw, "r 1"));
    // the sum of two that are spread evenly: below √0.05 in 2.5 % of all draws
    assertThat(Math.log10(interval.low())).isCloseTo(1.224, within(0.05));
    assertThat(Math.log10(interval.high())).isCloseTo(2.776, within(0.05));
  }

  @Test
  void aBandThatTheGridCannotTellIsNotDecided() {
    Trials trials = new Trials(REWARD);
    double[] full = {0.1, 0.9, 0.3, 0.1};
    double[] adapter = {0.1, 0.9, 0.88, 0.1};
    for (int seed = 1; seed <= 3; seed++) {
      for (int i = 0; i < WIDE.length; i++) {
        String of = " --learning_rate %s --seed %d".formatted(WIDE[i], seed);
        trials.add(FULL + of, full[i]);
        trials.add(RANK.formatted(1) + of, adapter[i]);
      }
    }

    Conclusion band = RlRankFinding.of(trials.study()).verdicts().get(1);

    assertThat(band.value()).isCloseTo(10, within(1e-9));
    assertThat(band.answer()).isEqualTo(Answer.NOT_DECIDED);
  }

  private static void rewards(Trials trials, String kind, double best, double most, double noise) {
    for (int seed = 1; seed <= 3; seed++) {
      for (double rate : RATES) {
        double value = most - 0.3 * Math.pow(Math.log10(rate / best), 2) + noise * (seed - 2);
        trials.add("%s --learning_rate %s --seed %d".formatted(kind, rate, seed), value);
      }
    }
  }

  @Test
  void rankOneThatReachesFullFineTuningMatches() {
    Trials trials = new Trials(REWARD);
    rewards(trials, FULL, 5e-5, 0.9, 0.005);
    rewards(trials, RANK.formatted(1), 5e-4, 0.91, 0.005);

    assertThat(first(RlRankFinding.of(trials.study())).answer()).isEqualTo(Answer.HOLDS);
  }

  @Test
  void rankOneFarBelowDoesNotMatch() {
    Trials trials = new Trials(REWARD);
    rewards(trials, FULL, 5e-5, 0.9, 0.005);
    rewards(trials, RANK.formatted(1), 5e-4, 0.5, 0.005);

    assertThat(first(RlRankFinding.of(trials.study())).answer()).isEqualTo(Answer.DOES_NOT_HOLD);
  }

  @Test
  void withoutAnyRewardNoRankMatches() {
    Trials trials = new Trials(REWARD);
    for (int seed = 1; seed <= 3; seed++) {
      trials.add(FULL + " --seed " + seed, 0);
      trials.add(RANK.formatted(1) + " --seed " + seed, 0);
    }

    assertThat(first(RlRankFinding.of(trials.study())).text())
        .endsWith("3 seeds, blog 0: not decided: all weights reach 0, which has no margin");
  }

  @Test
  void theMultiplierOfShortRunsIsLarger() {
    Trials trials = new Trials(LOSS);
    sweep(trials, FULL + " --max_steps 50", 3e-5, 2, 3);
    sweep(trials, RANK.formatted(8) + " --max_steps 50", 6e-4, 2, 3);
    sweep(trials, FULL + " --max_steps 500", 3e-5, 2, 3);
    sweep(trials, RANK.formatted(8) + " --max_steps 500", 3e-4, 2, 3);

    Findings findings = ShortRunsFinding.of(trials.study());

    assertThat(first(findings).answer()).isEqualTo(Answer.HOLDS);
    assertThat(first(findings).value()).isBetween(1.9, 2.1);
    assertThat(findings.numbers().get("multipliers").toString()).contains("steps=50");
  }

  @Test
  void aGapThatGrowsWithTheBatchHolds() {
    Trials trials = new Trials(LOSS);
    for (int batch : new int[] {4, 16, 64}) {
      String rows = " --per_device_train_batch_size " + batch;
      sweep(trials, FULL + rows, 1e-4, 2, 3);
      sweep(trials, RANK.formatted(8) + rows, 1e-4, 2 + 0.01 * batch, 3);
    }

    Conclusion verdict = first(BatchSizeFinding.of(trials.study()));

    assertThat(verdict.answer()).isEqualTo(Answer.HOLDS);
    // gaps 0.04, 0.16, 0.64 at 2, 4, 6 doublings
    assertThat(verdict.text()).contains("a doubling of the batch 0.15 [");
  }

  @Test
  void lowRanksLeaveTheLineFirst() {
    Trials trials = new Trials(LOSS);
    double[] steps = {10, 20, 40, 80};
    for (int seed = 1; seed <= 3; seed++) {
      String of = " --seed " + seed;
      trials.add(RANK.formatted(1) + of, steps, new double[] {3, 2.6, 2.4, 2.3});
      trials.add(RANK.formatted(4) + of, steps, new double[] {3, 2.5, 2.2, 2.0});
      trials.add(RANK.formatted(16) + of, steps, new double[] {3, 2.5, 2.0, 1.5});
    }

    Findings findings = CapacityFinding.of(trials.study());

    assertThat(first(findings).answer()).isEqualTo(Answer.HOLDS);
    assertThat(first(findings).value()).isEqualTo(1);
    @SuppressWarnings("unchecked") // as it was put there
    List<Map<String, Object>> departures =
        (List<Map<String, Object>>) findings.numbers().get("departures");
    assertThat(departures)
        .extracting(one -> one.get("leaves_at_step"))
        .containsExactly(20.0, 40.0, null);
    Conclusion end = findings.verdicts().get(1);
    assertThat(end.text()).contains("order of ranks by eval_loss at the end 1.0 [1.0, 1.0]");
    assertThat(end.answer()).isEqualTo(Answer.HOLDS);
  }

  @Test
  void ranksThatEndTogetherHaveNoOrder() {
    Trials trials = new Trials(LOSS);
    double[] losses = {2.2, 2.2 * 1.004, 2.0}; // ranks 1 and 4 lie within half a percent
    int[] ranks = {1, 4, 16};
    for (int r = 0; r < ranks.length; r++) {
      for (int seed = 1; seed <= 3; seed++) {
        trials.add(RANK.formatted(ranks[r]) + " --seed " + seed, losses[r]);
      }
    }

    // two of three pairs are in order, and one in none
    assertThat(CapacityFinding.of(trials.study()).verdicts().get(1).text())
        .contains("at the end 0.67 [0.67, 0.67]", "holds");
  }

  @Test
  void bestRatesAtTheEdgeDecideNoOrderAtTheEnd() {
    Trials trials = new Trials(LOSS);
    for (int rank : new int[] {1, 4, 16}) {
      sweep(trials, RANK.formatted(rank), 1, 3.0 / rank, 3); // best beyond the highest rate
    }

    assertThat(CapacityFinding.of(trials.study()).verdicts().get(1).text())
        .endsWith("not decided: best rate at the edge of the grid (r 1: 3.0e-3)");
  }

  @Test
  void whereNoRankLeavesTheLineNothingIsDecided() {
    Trials trials = new Trials(LOSS);
    for (int rank : new int[] {1, 4, 16}) {
      for (int seed = 1; seed <= 3; seed++) {
        trials.add(RANK.formatted(rank) + " --seed " + seed, 2);
      }
    }

    assertThat(first(CapacityFinding.of(trials.study())).text())
        .contains("not decided: no rank leaves the line");
  }

  /** Ranks 1 and 4 are in order; a seed of rank 16 has diverged, at its only rate. */
  @Test
  void aRankWithoutANumberDecidesNoOrder() {
    Trials trials = new Trials(LOSS);
    double[] steps = {10, 20, 40};
    for (int seed = 1; seed <= 3; seed++) {
      double last = seed == 2 ? Double.NaN : 1.5;
      trials.add(RANK.formatted(1) + " --seed " + seed, steps, new double[] {3, 2.6, 2.4});
      trials.add(RANK.formatted(4) + " --seed " + seed, steps, new double[] {3, 2.5, 2.2});
      trials.add(RANK.formatted(16) + " --seed " + seed, steps, new double[] {3, 2.5, last});
    }

    assertThat(CapacityFinding.of(trials.study()).verdicts())
        .extracting(Conclusion::text)
        .allSatisfy(
            text ->
                assertThat(text)
                    .endsWith("not decided: no rate of r 16 has a number for every seed"));
  }

  private static FindingRule rule(String blog, double from, double to) {
    return new FindingRule("x", blog, from, to, Optional.empty(), draw -> Double.NaN);
  }

  @Test
  void anIntervalAcrossTheBoundDecidesNothing() {
    Conclusion verdict = Conclusion.of(rule("10", 5, 20), 4, new Bootstrap.Interval(3, 6, 0), 3);

    assertThat(verdict.text())
        .isEqualTo(
            "x 4.0 [3.0, 6.0], 3 seeds, blog 10, holds from 5.0 to 20: not decided: the interval"
                + " reaches across 5.0 or 20");
  }

  @Test
  void aClaimOfMoreThanZeroDoesNotHoldOfZero() {
    Trials layers = new Trials(LOSS);
    Trials batches = new Trials(LOSS);
    for (int seed = 1; seed <= 3; seed++) {
      layers.add(LAYERS + "q_proj --seed " + seed, 2);
      layers.add(LAYERS + "up_proj --seed " + seed, 2);
      for (String rows : List.of("4", "16")) {
        String of = " --per_device_train_batch_size %s --seed %s".formatted(rows, seed);
        batches.add(FULL + of, 2);
        batches.add(RANK.formatted(8) + of, 2);
      }
    }

    assertThat(first(LayersFinding.of(layers.study())).text())
        .endsWith("at best rates 0 [0, 0], 3 seeds, blog above 0, holds above 0: does not hold");
    assertThat(first(BatchSizeFinding.of(batches.study())).text())
        .endsWith("of the batch 0 [0, 0], 3 seeds, blog above 0, holds above 0: does not hold");
  }

  @Test
  void aBoundJustAboveZeroIsCalledZero() {
    Bootstrap.Interval interval = new Bootstrap.Interval(0, 1, 0);

    assertThat(
            Conclusion.of(rule("1", Double.MIN_NORMAL, Double.POSITIVE_INFINITY), 0.5, interval, 3)
                .text())
        .endsWith("not decided: the interval reaches across 0");
  }

  @Test
  void aVerdictNamesTheNumbersThatCountAsHolding() {
    Bootstrap.Interval interval = new Bootstrap.Interval(2, 3, 0);

    assertThat(Conclusion.of(rule("1", 1 + 1e-9, Double.POSITIVE_INFINITY), 2, interval, 3).text())
        .isEqualTo("x 2.0 [2.0, 3.0], 3 seeds, blog 1, holds above 1.0: holds");
    assertThat(Conclusion.of(rule("0", Double.NEGATIVE_INFINITY, 0.05), 2, interval, 3).text())
        .isEqualTo("x 2.0 [2.0, 3.0], 3 seeds, blog 0, holds up to 0.050: does not hold");
    assertThat(Conclusion.undecided(rule("0", 0, 0), 1, "one seed").text())
        .isEqualTo("x, 1 seed, blog 0: not decided: one seed");
  }

  @Test
  void numbersAreWrittenAsPeopleTypeThem() {
    assertThat(List.of(3e-4, 100.0, 1e-10, 0.1, 1e300))
        .extracting(Trial::typed)
        .containsExactly("0.0003", "100", "0.0000000001", "0.1", "1.0E300");
    assertThat(Conclusion.rateOf(Math.log10(3e-4))).isEqualTo(3e-4);
    assertThat(Conclusion.rateOf(Double.NaN)).isNull();
  }

  @Test
  void numbersHaveTwoDigits() {
    assertThat(List.of(9.123, 13.4, 0.012345, 250.0, -0.001))
        .extracting(Conclusion::number)
        .containsExactly("9.1", "13", "0.012", "250", "-0.0010");
  }

  @Test
  void theBetterPartOfTheSettingsGoesOn() {
    Trials trials = new Trials(LOSS);
    for (int seed = 1; seed <= 2; seed++) {
      trials.add("--learning_rate 1e-4 --seed " + seed, 2 + seed);
      trials.add("--learning_rate 1e-3 --seed " + seed, 1 + seed);
      trials.add("--learning_rate 1e-2 --seed " + seed, Double.NaN);
    }

    assertThat(better(trials, 0.3, 100)).containsExactly(1e-3, 1e-3);
  }

  @Test
  void aShareThatIsAWholeNumberOfSettingsIsNotRoundedUp() {
    Trials trials = new Trials(LOSS);
    for (int i = 1; i <= 25; i++) {
      trials.add("--learning_rate %se-5".formatted(i), i);
    }

    assertThat(better(trials, 0.28, 100)).hasSize(7); // 0.28 * 25 is 7.000000000000001
  }

  private static List<Double> better(Trials trials, double keep, int step) {
    Map<String, TrialOutcome> outcomes = new java.util.HashMap<>();
    trials.outcomes().forEach(outcome -> outcomes.put(outcome.trial(), outcome));
    Halving halving = new Halving(List.of(step), keep);
    List<Trial> kept = halving.better(trials.trials(), outcomes, LOSS, step);
    return kept.stream().map(Trial::rate).toList();
  }

  /** A sweep that is repeated finds it diverged at a rung that it passed. */
  private static Trials divergedAfter50() {
    Trials trials = new Trials(LOSS);
    trials.add("--learning_rate 1e-4", new double[] {50, 100}, new double[] {2, 2});
    Map<String, Double> passed = Map.of("step", 50.0, "eval_loss", 1.0);
    Map<String, Double> after = Map.of("step", 75.0, "eval_loss", 9.0);
    return trials.add("--learning_rate 1e-2", 50, true, List.of(passed, after));
  }

  @Test
  void aTrialThatDivergesAfterARungIsJudgedAtThatRungAsBefore() {
    assertThat(better(divergedAfter50(), 0.5, 50)).containsExactly(1e-2);
    assertThat(better(divergedAfter50(), 0.5, 100)).containsExactly(1e-4);
  }

  @Test
  void aRungBeforeTheFirstValueIsRefused() {
    assertThatThrownBy(() -> better(divergedAfter50(), 0.5, 10))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("halving = [10]: no trial has logged eval_loss by step 10");
    Trials diverged = new Trials(LOSS).add("--learning_rate 1e-2", Double.NaN);
    assertThat(better(diverged, 0.5, 200)).containsExactly(1e-2);
  }

  @Test
  void theLogOfADivergedTrialIsNoPartOfCurves() {
    List<SeedCurve> curves = divergedAfter50().study().overSteps(LOSS);

    assertThat(curves).hasSize(1);
    assertThat(curves.get(0).grid()).containsExactly(50, 100);
    assertThat(curves.get(0).values()[0]).containsExactly(2);
  }
}
