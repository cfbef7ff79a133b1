package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.updaters.AdamUpdater;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.regularization.WeightDecay;
import org.sparklora.model.engine.AdamW;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The step that engines take against the passes that DL4J would make, and the order of its state.
 */
class AdamWTest {
  /** ND4J's native Adam, DL4J's decay, and the subtraction, all in place of the gradient. */
  @Test
  void anEngineGivesTheBitsOfDl4jsPasses() {
    int size = 100_003;
    int decayed = 70_001;
    INDArray[] ours = {Nd4j.randn(size), Nd4j.zeros(size), Nd4j.zeros(size)}; // p, m, v
    INDArray[] theirs = {ours[0].dup(), ours[1].dup(), ours[2].dup()};
    for (int iteration = 0; iteration < 4; iteration++) {
      INDArray gradient = Nd4j.randn(size).muli(Math.pow(10, -iteration));
      INDArray update = gradient.dup();
      AdamW step =
          new AdamW(iteration + 1, 1e-3, 0.9, 0.999, 1e-8, 0.1, decayed, 0.3 / (1 + iteration));
      Engines.host()
          .adamW(
              new AdamW.Vectors(
                  tensor(ours[0]), tensor(gradient), tensor(ours[1]), tensor(ours[2])),
              step);

      update.muli(step.scale());
      Nd4j.exec(
          new AdamUpdater(
              update, theirs[2], theirs[1], step.rate(), 0.9, 0.999, step.floor(), 1_000_000_000));
      new WeightDecay(0.1, true)
          .apply(first(theirs[0], decayed), first(update, decayed), 1e-3, iteration, 0);
      theirs[0].subi(update);

      for (int v = 0; v < ours.length; v++) {
        assertThat(ours[v].toFloatVector()).isEqualTo(theirs[v].toFloatVector());
      }
      assertThat(gradient.sumNumber().doubleValue()).isZero();
    }
  }

  private static Tensor tensor(INDArray vector) {
    return Engines.host().alias(TrainedNetwork.address(vector), vector.length()).tensor();
  }

  private static INDArray first(INDArray vector, int count) {
    return vector.get(NDArrayIndex.interval(0, count));
  }

  @Test
  void theFirstHalfOfTheStateIsTheFirstMomentsAndBothBeginAtZero() {
    INDArray state = Nd4j.createFromArray(1f, 2f, 3f, 4f);
    GradientUpdater<?> updater = new Adam().instantiate(state, true);
    assertThat(state.sumNumber().doubleValue()).isZero();

    state.assign(Nd4j.createFromArray(1f, 2f, 3f, 4f));
    assertThat(updater.getState().get("M").toFloatVector()).containsExactly(1, 2);
    assertThat(updater.getState().get("V").toFloatVector()).containsExactly(3, 4);
  }
}
