package org.sparklora.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sparklora.model.StepResult;
import org.sparklora.model.loss.TokenLogProbs;

class StepMetricsTest {

  /** Two micro-batches with 3 target tokens, and routers' losses of 2 and 4 with weight 0.125. */
  @Test
  void lossHasTheMeanLossOfRoutersWithItsWeight() {
    StepMetrics one = metrics(2, 0.125, -1f, -2f);
    StepMetrics other = metrics(4, 0.125, -3f);

    StepMetrics sum = StepMetrics.none(7).plus(one).plus(other);

    assertThat(sum.loss()).isEqualTo((1 + 2 + 3) / 3.0 + 0.125 * 3);
    assertThat(sum.ofRouters()).isEqualTo(Map.of("aux_loss", 3.0));
    assertThat(EvalMetrics.of(List.of(one, other), new int[] {1, 1}).metrics())
        .containsEntry("loss", (1.5 + 0.125 * 2 + 3 + 0.125 * 4) / 2)
        .containsEntry("aux_loss", 3.0);
  }

  @Test
  void withoutAWeightTheLossOfRoutersIsNotShown() {
    StepMetrics sum = metrics(2, 0, -1f);
    assertThat(sum.loss()).isEqualTo(1);
    assertThat(sum.ofRouters()).isEmpty();
  }

  /** Workers with steps 1 and 3 of the steps 1 to 4; those with the others were left out. */
  @Test
  void aStepWithoutWorkersHasTheLossesOfTheNearestOne() {
    StepMetrics first = new StepMetrics(1, 4, 2, 10, 12, 1, 3, 0.5, 0, 0, 7, Map.of());
    StepMetrics third = new StepMetrics(3, 9, 3, 20, 24, 1, 5, 0.25, 0, 0, 8, Map.of());

    List<StepMetrics> round = StepMetrics.ofRound(1, 5, List.of(third, first));

    assertThat(round).extracting(StepMetrics::step).containsExactly(1, 2, 3, 4);
    assertThat(round).extracting(StepMetrics::loss).containsExactly(2.0, 2.0, 3.0, 3.0);
    assertThat(round).extracting(StepMetrics::gradNorm).containsExactly(7.0, 7.0, 8.0, 8.0);
    assertThat(round).extracting(StepMetrics::tokens).containsExactly(10L, 0L, 20L, 0L);
    assertThat(StepMetrics.ofRound(1, 2, List.of())).containsExactly(StepMetrics.none(1));
  }

  private static StepMetrics metrics(double routerLoss, double weight, float... logProbs) {
    int count = logProbs.length;
    TokenLogProbs targets =
        new TokenLogProbs(
            new int[count], new int[count], logProbs, new float[count], new int[count]);
    StepResult result = new StepResult(0, count, targets, routerLoss);
    return StepMetrics.of(
        7, result, new MicroBatch(List.of(), List.of()), new SupervisedLoss(false, weight));
  }
}
