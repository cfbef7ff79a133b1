package org.sparklora.model.engine.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.GuardedTensor;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.TokenScores;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The oracle itself: numbers worked out by hand, and every backward against the slope of its
 * forward.
 */
class ReferenceKernelsTest {
  private static final Engine ENGINE = Engines.open("reference", 1);

  /** Results of a few float operations. */
  private static final float EXACT = 1e-6f;

  /**
   * A slope from two float32 results that are 0.02 apart in x: rounding gives 1e-7 / 0.02,
   * curvature about the square of 0.01.
   */
  private static final double SLOPE = 2e-3;

  private static final float STEP = 1e-2f;

  private static Tensor tensor(long[] shape, float... values) {
    Tensor tensor = ENGINE.allocate(shape);
    tensor.write(0, values, 0, values.length);
    return tensor;
  }

  private static long[] shape(long... shape) {
    return shape;
  }

  private static Tensor random(long seed, long... shape) {
    return GuardedTensor.weight(EnginesUnderTest.REFERENCE, DType.FLOAT32, seed, shape);
  }

  // ---- by hand -------------------------------------------------------------------------------

  @Test
  void linearLayerMultipliesByTheTransposedWeight() {
    Tensor x = tensor(shape(1, 2), 1, 2);
    Tensor w = tensor(shape(3, 2), 1, 0, 0, 1, 3, -1);
    Tensor y = ENGINE.allocate(1, 3);
    ENGINE.matmul(x, w, y);
    assertThat(y.toArray()).containsExactly(1, 2, 1);

    Tensor dX = tensor(shape(1, 2), 10, 10);
    ENGINE.matmulInput(y, w, 2, true, dX); // 2 · (1·(1, 0) + 2·(0, 1) + 1·(3, −1))
    assertThat(dX.toArray()).containsExactly(18, 12);

    Tensor dW = ENGINE.allocate(3, 2);
    ENGINE.matmulBackwardWeight(y, x, 1, dW);
    assertThat(dW.toArray()).containsExactly(1, 2, 2, 4, 1, 2);
  }

  @Test
  void rmsNormDividesByTheRootOfTheMeanSquare() {
    Tensor x = tensor(shape(1, 2), 3, 4); // mean square 12.5
    Tensor y = ENGINE.allocate(1, 2);
    Tensor rstd = ENGINE.allocate(1);
    ENGINE.rmsNorm(x, tensor(shape(2), 1, 10), 0, y, rstd);
    assertThat(rstd.toArray()[0]).isCloseTo(0.28284271f, within(EXACT));
    assertThat(y.toArray())
        .containsExactly(new float[] {0.84852814f, 11.3137085f}, within(EXACT * 10));
  }

  @Test
  void rotationByAQuarterTurnsTheHalvesOfAHeadIntoEachOther() {
    Tensor x = tensor(shape(1, 4), 1, 2, 3, 4); // pairs (1, 3) and (2, 4)
    Tensor cos = tensor(shape(2, 2), 1, 1, 0, 0);
    Tensor sin = tensor(shape(2, 2), 0, 0, 1, 1);
    ENGINE.rotate(x, 4, cos, sin, ENGINE.indices(new int[] {1}), false);
    assertThat(x.toArray()).containsExactly(-3, -4, 1, 2);
    ENGINE.rotate(x, 4, cos, sin, ENGINE.indices(new int[] {1}), true);
    assertThat(x.toArray()).containsExactly(1, 2, 3, 4);
  }

  @Test
  void attentionWeighsEarlierValuesOfTheSameSegmentOnly() {
    float ln3 = (float) Math.log(3);
    Tensor q = tensor(shape(3, 1), 1, 1, 1);
    Tensor k = tensor(shape(3, 1), 0, ln3, 5);
    Tensor v = tensor(shape(3, 1), 4, 8, 100);
    Tensor y = ENGINE.allocate(3, 1);
    Tensor logSumExp = ENGINE.allocate(3, 1);
    ENGINE.attention(
        new AttentionTensors(q, k, v, y, logSumExp),
        new Heads(1, 1, 1),
        ENGINE.mask(Segments.ofLengths(2, 1)),
        1);
    // token 1 weighs values 4 and 8 by 1 : 3; token 2 begins a document and sees itself alone
    assertThat(y.toArray()).containsExactly(new float[] {4, 7, 100}, within(EXACT * 10));
    assertThat(logSumExp.toArray())
        .containsExactly(new float[] {0, (float) Math.log(4), 5}, within(EXACT));
  }

  @Test
  void swiGluOfZeroIsZeroAndOfLargeGatesTheirProduct() {
    Tensor y = ENGINE.allocate(3);
    ENGINE.gate(GateFunction.SILU, tensor(shape(3), 0, 50, -50), tensor(shape(3), 7, 2, 2), y);
    assertThat(y.toArray()).containsExactly(new float[] {0, 100, 0}, within(EXACT));
  }

  /** gelu(1) by tanh is 0.841192, as torch's {@code gelu(approximate="tanh")} gives it. */
  @Test
  void geGluOfOneIsThatOfTorch() {
    Tensor y = ENGINE.allocate(3);
    ENGINE.gate(GateFunction.GELU_TANH, tensor(shape(3), 0, 1, -1), tensor(shape(3), 7, 2, 2), y);
    assertThat(y.toArray()).containsExactly(new float[] {0, 1.682384f, -0.317616f}, within(EXACT));
  }

  @Test
  void logProbabilitiesOfThreeToOneOdds() {
    Tensor logits = tensor(shape(1, 2), 0, 2 * (float) Math.log(3)); // at temperature 2: odds 1 : 3
    TokenScores y = TokenScores.allocate(ENGINE, 1, 2);
    Indices targets = ENGINE.indices(new int[] {0});
    ENGINE.tokenLogProbs(logits, targets, 2, y);
    assertThat(y.logProbs().toArray()[0]).isCloseTo((float) Math.log(0.25), within(EXACT));
    assertThat(y.logSumExp().toArray()[0]).isCloseTo((float) Math.log(4), within(EXACT));
    assertThat(y.entropies().toArray()[0]).isCloseTo(0.5623351f, within(EXACT));
    assertThat(y.argmax().toArray()[0]).isEqualTo(1);

    ENGINE.tokenLogProbsBackwardInPlace(logits, targets, 2, y.logSumExp(), tensor(shape(1), 4));
    assertThat(logits.toArray()).containsExactly(new float[] {1.5f, -1.5f}, within(EXACT));
  }

  // ---- slopes --------------------------------------------------------------------------------

  /** Asserts that {@code gradient} is the slope of {@code loss} along each element of x. */
  private static void assertSlopes(Tensor x, ToDoubleFunction<Tensor> loss, Tensor gradient) {
    float[] values = x.toArray();
    float[] slopes = gradient.toArray();
    for (int i = 0; i < values.length; i++) {
      x.write(i, new float[] {values[i] + STEP}, 0, 1);
      double above = loss.applyAsDouble(x);
      x.write(i, new float[] {values[i] - STEP}, 0, 1);
      double below = loss.applyAsDouble(x);
      x.write(i, values, i, 1);
      assertThat((double) slopes[i])
          .as("slope along element %d", i)
          .isCloseTo((above - below) / (2 * STEP), within(SLOPE));
    }
  }

  /** Σ y·d: its gradient towards y is d. */
  private static double weighted(Tensor y, Tensor d) {
    float[] values = y.toArray();
    float[] weights = d.toArray();
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += (double) values[i] * weights[i];
    }
    return sum;
  }

  @Test
  void rmsNormBackwardIsItsSlope() {
    Tensor x = random(1, 3, 7);
    Tensor weight = random(2, 7);
    Tensor dY = random(3, 3, 7);
    Tensor y = ENGINE.allocate(3, 7);
    Tensor rstd = ENGINE.allocate(3);
    ToDoubleFunction<Tensor> loss =
        ignored -> {
          ENGINE.rmsNorm(x, weight, 0.1f, y, rstd);
          return weighted(y, dY);
        };
    double unused = loss.applyAsDouble(x); // for what forward leaves to backward
    Tensor dX = ENGINE.allocate(3, 7);
    Tensor dWeight = ENGINE.allocate(7);
    ENGINE.rmsNormBackward(x, weight, rstd, dY, dX);
    ENGINE.rmsNormBackwardWeight(x, rstd, dY, dWeight);
    assertSlopes(x, loss, dX);
    assertSlopes(weight, loss, dWeight);
  }

  @Test
  void attentionBackwardIsItsSlope() {
    Heads heads = new Heads(4, 2, 3);
    AttentionMask mask = ENGINE.mask(Segments.ofLengths(4, 1, 2));
    Tensor q = random(1, 7, 12);
    Tensor k = random(2, 7, 6);
    Tensor v = random(3, 7, 6);
    Tensor dY = random(4, 7, 12);
    Tensor y = ENGINE.allocate(7, 12);
    Tensor lse = ENGINE.allocate(7, 4);
    AttentionTensors tensors = new AttentionTensors(q, k, v, y, lse);
    ToDoubleFunction<Tensor> loss =
        ignored -> {
          ENGINE.attention(tensors, heads, mask, 0.7f);
          return weighted(y, dY);
        };
    double unused = loss.applyAsDouble(q); // for what forward leaves to backward
    Tensor dQ = ENGINE.allocate(7, 12);
    Tensor dK = ENGINE.allocate(7, 6);
    Tensor dV = ENGINE.allocate(7, 6);
    ENGINE.attentionBackward(tensors, new Gradients(dY, dQ, dK, dV), heads, mask, 0.7f);
    assertSlopes(q, loss, dQ);
    assertSlopes(k, loss, dK);
    assertSlopes(v, loss, dV);
  }

  @Test
  void gatesBackwardsAreTheirSlopes() {
    checkGate(GateFunction.SILU);
    checkGate(GateFunction.GELU_TANH);
  }

  private static void checkGate(GateFunction f) {
    Tensor gate = random(1, 9);
    Tensor up = random(2, 9);
    Tensor dY = random(3, 9);
    Tensor y = ENGINE.allocate(9);
    Tensor dGate = ENGINE.allocate(9);
    Tensor dUp = ENGINE.allocate(9);
    ENGINE.copy(gate, dGate);
    ENGINE.copy(up, dUp);
    ENGINE.gateBackwardInPlace(f, dGate, dUp, dY);
    ToDoubleFunction<Tensor> loss =
        ignored -> {
          ENGINE.gate(f, gate, up, y);
          return weighted(y, dY);
        };
    assertSlopes(gate, loss, dGate);
    assertSlopes(up, loss, dUp);
  }

  @Test
  void logProbabilityBackwardIsItsSlope() {
    Indices targets = ENGINE.indices(new int[] {2, 0});
    Tensor dLogProbs = tensor(shape(2), 1.5f, -0.5f);
    TokenScores y = TokenScores.allocate(ENGINE, 2, 5);
    Tensor logits = random(1, 2, 5);
    ToDoubleFunction<Tensor> loss =
        z -> {
          ENGINE.tokenLogProbs(z, targets, 0.5f, y);
          return weighted(y.logProbs(), dLogProbs);
        };
    double unused = loss.applyAsDouble(logits); // for what forward leaves to backward
    Tensor gradient = ENGINE.allocate(2, 5);
    ENGINE.copy(logits, gradient);
    ENGINE.tokenLogProbsBackwardInPlace(gradient, targets, 0.5f, y.logSumExp(), dLogProbs);
    assertSlopes(logits, loss, gradient);
  }
}
