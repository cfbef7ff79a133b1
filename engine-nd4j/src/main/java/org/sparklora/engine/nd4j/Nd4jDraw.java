package org.sparklora.engine.nd4j;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Draws tokens, of {@link Nd4jKernels}. */
final class Nd4jDraw {
  private Nd4jDraw() {}

  static void draw(
      Nd4jTensor logits, float temperature, float[] floors, double[] uniforms, int[] tokens) {
    INDArray z = logits.matrix(); // (M, V)
    INDArray above = z.sub(Nd4j.createFromArray(floors).reshape(floors.length, 1));
    INDArray kept = above.gte(0).castTo(DataType.DOUBLE); // −∞ − −∞ is not
    INDArray shifted = z.castTo(DataType.DOUBLE).subi(z.max(true, 1).castTo(DataType.DOUBLE));
    INDArray cumulative = Transforms.exp(shifted.divi(temperature), false).muli(kept).cumsum(1);
    INDArray total = cumulative.max(true, 1);
    INDArray target = Nd4j.createFromArray(uniforms).reshape(uniforms.length, 1).muli(total);
    // the token is where the sum first exceeds the target: as many sums as do not lie before it
    INDArray before = cumulative.sub(target).lte(0).castTo(DataType.INT32);
    int[] drawn = before.sum(1).toIntVector();
    System.arraycopy(drawn, 0, tokens, 0, tokens.length);
  }
}
