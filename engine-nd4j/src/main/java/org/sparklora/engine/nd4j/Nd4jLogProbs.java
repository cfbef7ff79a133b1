package org.sparklora.engine.nd4j;

import java.util.stream.LongStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Log-probabilities of the next token, for {@link Nd4jKernels}. */
final class Nd4jLogProbs {
  /** Keeps 0 · −∞ out of the entropy, at masked logits. */
  private static final double LOWEST = -1e4;

  private Nd4jLogProbs() {}

  /** A softmax's sums of each row, {@code (M)} in double: float sums would lose two digits. */
  record Sums(INDArray logSumExp, INDArray entropies) {
    static Sums of(INDArray z, float temperature) {
      INDArray top = z.max(true, 1);
      INDArray shifted = z.sub(top).muli(1 / temperature);
      INDArray e = Transforms.exp(shifted, true);
      INDArray sums = e.castTo(DataType.DOUBLE).sum(1);
      INDArray weighted =
          e.muli(Transforms.max(shifted, LOWEST, false)).castTo(DataType.DOUBLE).sum(1);
      INDArray logs = Transforms.log(sums, true);
      INDArray scaledTop = top.reshape(z.rows()).castTo(DataType.DOUBLE).divi(temperature);
      return new Sums(scaledTop.addi(logs), logs.sub(weighted.divi(sums)));
    }
  }

  /** Log-probabilities of the targets, {@code (M)} in double. */
  static INDArray logProbs(Nd4jTensor logits, INDArray targets, float temperature, Sums sums) {
    INDArray chosen =
        Nd4jRows.gather(logits.array(logits.size(), 1), places(logits, targets))
            .reshape(targets.length());
    return chosen.castTo(DataType.DOUBLE).divi(temperature).subi(sums.logSumExp);
  }

  /** Positions of the targets' logits in the flat logits, {@code (M)}. */
  private static INDArray places(Nd4jTensor logits, INDArray targets) {
    long[] rows = LongStream.range(0, logits.rows()).map(m -> m * logits.columns()).toArray();
    return Nd4j.createFromArray(rows).addi(targets.castTo(DataType.INT64));
  }

  static void backwardInPlace(
      Nd4jTensor logits,
      INDArray targets,
      float temperature,
      Nd4jTensor logSumExp,
      Nd4jTensor dLogProbs) {
    INDArray z = logits.matrix();
    INDArray scale = dLogProbs.array(z.rows()).div(temperature); // (M)
    Transforms.exp(z.muli(1 / temperature).subi(logSumExp.array(z.rows(), 1)), false);
    z.muli(scale.neg().reshape(z.rows(), 1));
    Nd4jRows.scatterAdd(logits.flat(), places(logits, targets), scale);
  }
}
