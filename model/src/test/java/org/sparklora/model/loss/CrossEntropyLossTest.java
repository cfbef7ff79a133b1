package org.sparklora.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class CrossEntropyLossTest {

  @Test
  void isTheSumOverTheNormalizerOfTheStep() {
    float[] dLogProbs = {9, 9, 9};
    double loss =
        new CrossEntropyLoss(8)
            .lossAndGradient(0, new float[] {-1, -2, -0.5f}, new float[3], dLogProbs);
    assertThat(loss).isEqualTo(3.5 / 8);
    assertThat(dLogProbs).containsExactly(-0.125f, -0.125f, -0.125f);
  }

  /** So that backward need not wait for what forward found. */
  @Test
  void itsGradientIsTheSameForAllLogProbabilities() {
    CrossEntropyLoss loss = new CrossEntropyLoss(8);
    float[] before = new float[2];
    float[] after = new float[2];
    loss.lossAndGradient(0, new float[2], new float[2], before);
    loss.lossAndGradient(0, new float[] {-1, -20}, new float[] {3, 4}, after);
    assertThat(loss.gradientDependsOn()).isEqualTo(TokenLoss.Dependence.NOTHING);
    assertThat(before).isEqualTo(after);
  }

  @Test
  void refusesAStepWithoutTargets() {
    assertThatThrownBy(() -> new CrossEntropyLoss(0))
        .hasMessageContaining("number of target tokens");
  }
}
