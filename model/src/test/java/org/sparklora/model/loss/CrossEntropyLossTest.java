package org.sparklora.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

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

  /** TRL's dft: −p · log p of each token, with the gradient of −log p times p. */
  @Test
  void aDynamicLossWeighsTokensByTheirProbability() {
    CrossEntropyLoss loss = new CrossEntropyLoss(4, true, 0);
    float[] gradient = new float[2];
    float[] logProbs = {(float) Math.log(0.5), (float) Math.log(0.25)};

    assertThat(loss.lossAndGradient(0, logProbs, new float[2], gradient))
        .isCloseTo((0.5 * Math.log(2) + 0.25 * Math.log(4)) / 4, within(1e-7));
    assertThat(gradient).containsExactly(new float[] {-0.125f, -0.0625f}, within(1e-7f));
    assertThat(loss.gradientDependsOn()).isEqualTo(TokenLoss.Dependence.OWN_TARGET);
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
