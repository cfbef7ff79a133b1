package org.sparklora.engine.nd4j;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Log-probabilities of the next token, of {@link Nd4jKernels}. */
final class Nd4jLogProbs {
  /** Keeps 0 · −∞ out of the entropy, at masked logits. */
  private static final double LOWEST = -1e4;

  private Nd4jLogProbs() {}

  static void forward(
      Nd4jTensor logits,
      int[] targets,
      float temperature,
      float[] logProbs,
      float[] logSumExp,
      float[] entropies,
      int[] argmax) {
    INDArray z = logits.matrix(); // (M, V)
    INDArray top = z.max(true, 1);
    INDArray shifted = z.sub(top).muli(1 / temperature);
    INDArray e = Transforms.exp(shifted, true);
    double[] sums = sumOfRows(e);
    double[] weighted = sumOfRows(e.muli(Transforms.max(shifted, LOWEST, false)));
    float[] tops = top.reshape(targets.length).toFloatVector();
    float[] chosen = ofTargets(logits, targets);
    int[] largest = Nd4j.argMax(z, 1).toIntVector();
    for (int m = 0; m < targets.length; m++) {
      double logSum = Math.log(sums[m]);
      double scaledTop = (double) tops[m] / temperature;
      argmax[m] = largest[m];
      logSumExp[m] = (float) (scaledTop + logSum);
      logProbs[m] = (float) ((double) chosen[m] / temperature - scaledTop - logSum);
      entropies[m] = (float) (logSum - weighted[m] / sums[m]);
    }
  }

  /** In double: a vocabulary's worth of float additions would cost two digits. */
  private static double[] sumOfRows(INDArray matrix) {
    return matrix.castTo(DataType.DOUBLE).sum(1).toDoubleVector();
  }

  private static float[] ofTargets(Nd4jTensor logits, int[] targets) {
    INDArray chosen = Nd4j.createUninitialized(targets.length);
    Nd4j.exec(
        DynamicCustomOp.builder("gather")
            .addInputs(logits.array(logits.size()), places(logits, targets))
            .addOutputs(chosen)
            .addIntegerArguments(0)
            .build());
    return chosen.toFloatVector();
  }

  /** Where the targets' logits lie among all, {@code (M)}. */
  private static INDArray places(Nd4jTensor logits, int[] targets) {
    long[] places = new long[targets.length];
    for (int m = 0; m < targets.length; m++) {
      places[m] = (long) m * logits.columns() + targets[m];
    }
    return Nd4j.createFromArray(places);
  }

  static void backwardInPlace(
      Nd4jTensor logits, int[] targets, float temperature, float[] logSumExp, float[] dLogProbs) {
    INDArray z = logits.matrix();
    INDArray scale = Nd4j.createFromArray(dLogProbs).divi(temperature); // (M)
    INDArray sums = Nd4j.createFromArray(logSumExp).reshape(targets.length, 1);
    Transforms.exp(z.muli(1 / temperature).subi(sums), false);
    z.muli(scale.neg().reshape(targets.length, 1));
    Nd4jKernels.scatterAdd(logits.array(logits.size()), places(logits, targets), scale);
  }
}
