package org.sparklora.engine.nd4j;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.sparklora.model.engine.Draws;
import org.sparklora.model.engine.SamplingRule;

/** Draws tokens, for {@link Nd4jKernels}. */
final class Nd4jSampling {
  private Nd4jSampling() {}

  static Draws sample(Nd4jTensor logits, SamplingRule rule, double[] uniforms, List<int[]> seen) {
    int rows = uniforms.length;
    INDArray z = logits.matrix(); // (M, V)
    INDArray scores = rule.hasPenalty() ? penalised(z, rule, seen) : z;
    double[] zeros = scores.mul(0).sum(1).toDoubleVector(); // NaN if a score is not finite
    int[] tokens =
        Arrays.stream(zeros).mapToInt(zero -> zero == 0 ? 0 : Draws.NOT_FINITE).toArray();
    if (Arrays.stream(tokens).anyMatch(token -> token == Draws.NOT_FINITE)) {
      return new Draws(tokens, new float[rows]);
    }
    INDArray drawn =
        rule.isGreedy()
            ? Nd4j.argMax(scores, 1)
            : draw(scores, rule, Nd4j.createFromArray(uniforms).reshape(rows, 1));
    float temperature = rule.scoringTemperature();
    Nd4jLogProbs.Sums sums = Nd4jLogProbs.Sums.of(z, temperature);
    INDArray logProbs = Nd4jLogProbs.logProbs(logits, drawn, temperature, sums);
    return new Draws(drawn.toIntVector(), logProbs.toFloatVector());
  }

  private static INDArray penalised(INDArray z, SamplingRule rule, List<int[]> seen) {
    INDArray scores = z.dup();
    for (int m = 0; m < seen.size(); m++) {
      int[] tokens = Arrays.stream(seen.get(m)).distinct().toArray();
      INDArray places = Nd4j.createFromArray(tokens);
      float[] of = Nd4jRows.gather(z.getRow(m).reshape(z.columns(), 1), places).toFloatVector();
      float[] change = new float[of.length];
      for (int i = 0; i < of.length; i++) {
        change[i] = rule.penalised(of[i]);
      }
      Nd4jRows.scatterUpdate(scores.getRow(m), places, Nd4j.createFromArray(change));
    }
    return scores;
  }

  private static INDArray draw(INDArray scores, SamplingRule rule, INDArray uniforms) {
    INDArray kept = atLeast(scores, floors(scores, rule)).castTo(DataType.DOUBLE);
    INDArray cumulative = weights(scores, rule.temperature()).muli(kept).cumsum(1);
    INDArray target = uniforms.muli(cumulative.max(true, 1));
    // the token is the first whose sum exceeds the target: its index counts the sums that do not
    return cumulative.sub(target).lte(0).castTo(DataType.INT32).sum(1);
  }

  private static INDArray atLeast(INDArray z, INDArray floors) {
    return z.sub(floors).gte(0);
  }

  /** {@code e^((z − max) / temperature)} in double, {@code (M, V)}. */
  private static INDArray weights(INDArray z, float temperature) {
    INDArray shifted = z.castTo(DataType.DOUBLE).subi(z.max(true, 1).castTo(DataType.DOUBLE));
    return Transforms.exp(shifted.divi(temperature), false);
  }

  /** The smallest logit of each row that can be drawn, {@code (M, 1)}. */
  private static INDArray floors(INDArray scores, SamplingRule rule) {
    INDArray top = scores.max(true, 1);
    INDArray floors = scores.min(true, 1);
    boolean hasTopK = rule.topK() > 0 && rule.topK() < scores.columns();
    if (hasTopK || rule.topP() < 1) {
      INDArray sorted = Nd4j.sort(scores.dup(), 1, false);
      if (hasTopK) {
        floors = sorted.getColumn(rule.topK() - 1, true).dup();
      }
      if (rule.topP() < 1) {
        floors = topP(sorted, top, floors, rule);
      }
    }
    return rule.minP() == 0
        ? floors
        : Transforms.max(
            floors, top.add(rule.temperature() * (float) Math.log(rule.minP())), false);
  }

  /** The smallest logit of each row in the top-p set: likelier tokens sum to less than top-p. */
  private static INDArray topP(INDArray sorted, INDArray top, INDArray floors, SamplingRule rule) {
    INDArray weights =
        weights(sorted, rule.temperature()).muli(atLeast(sorted, floors).castTo(DataType.DOUBLE));
    INDArray before = weights.cumsum(1).subi(weights);
    INDArray enough = weights.sum(true, 1).muli(rule.topP());
    INDArray kept =
        before
            .sub(enough)
            .lt(0)
            .castTo(DataType.FLOAT)
            .muli(atLeast(sorted, floors).castTo(DataType.FLOAT));
    return sorted.mul(kept).addi(top.mul(kept.rsub(1))).min(true, 1); // the top is always kept
  }
}
