package org.sparklora.engine.torch;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.Arrival;
import org.sparklora.model.engine.TokenScores;

/** Log-probabilities of the next token. */
final class LogProbs {
  /** Keeps 0 · −∞ out of the entropy, at masked logits. */
  private static final float LOWEST = -1e4f;

  private static final long[] COLUMNS = {1};

  private LogProbs() {}

  static void forward(TorchTensor logits, Tensor targets, float temperature, TokenScores y) {
    Tensor z = logits.matrix();
    Sums sums = Sums.of(z, temperature);
    TorchTensor.of(y.logSumExp()).flat().copy_(sums.logSumExp());
    TorchTensor.of(y.entropies()).flat().copy_(sums.entropies());
    TorchTensor.of(y.logProbs()).flat().copy_(sums.logProbs(z, targets, temperature));
    TorchIndices.at(y.argmax()).copy_(likeliest(z));
  }

  /** Starts to copy scores to host memory, in one float64 array that holds tokens too. */
  static Arrival<TokenScores.Values> bring(TorchDevice device, TokenScores scores) {
    int rows = scores.argmax().count();
    Tensor logProbs = TorchTensor.of(scores.logProbs()).flat().to(ScalarType.Double);
    Tensor entropies = TorchTensor.of(scores.entropies()).flat().to(ScalarType.Double);
    Tensor argmax = TorchIndices.at(scores.argmax()).to(ScalarType.Double);
    Arrival<double[]> all =
        device.bring(torch.cat(new TensorVector(logProbs, entropies, argmax), 0));
    return () -> values(all.await(), rows);
  }

  private static TokenScores.Values values(double[] all, int rows) {
    TokenScores.Values values =
        new TokenScores.Values(new float[rows], new float[rows], new int[rows]);
    for (int m = 0; m < rows; m++) {
      values.logProbs()[m] = (float) all[m];
      values.entropies()[m] = (float) all[rows + m];
      values.argmax()[m] = (int) all[2 * rows + m];
    }
    return values;
  }

  /** The first of the largest logits, {@code (M)}. */
  static Tensor likeliest(Tensor z) {
    return torch.argmax(z, new LongOptional(1), false);
  }

  /** The results of a softmax for each row, {@code (M)} in double, from float32 sums. */
  record Sums(Tensor logSumExp, Tensor entropies) {
    static Sums of(Tensor z, float temperature) {
      Tensor top = torch.amax(z, COLUMNS, true); // (M, 1)
      Tensor shifted = z.sub(top).mul_(new Scalar(1 / temperature));
      Tensor e = torch.exp(shifted);
      Tensor sums = sumOfRows(e);
      Tensor weighted = sumOfRows(e.mul_(shifted.clamp_min_(new Scalar(LOWEST))));
      Tensor logs = sums.log();
      Tensor scaledTop = top.view(-1).to(ScalarType.Double).div_(new Scalar((double) temperature));
      return new Sums(scaledTop.add_(logs), logs.sub(weighted.div_(sums)));
    }

    /** Log-probabilities of the targets, {@code (M)} in double. */
    Tensor logProbs(Tensor z, Tensor targets, float temperature) {
      Tensor chosen = torch.gather(z, 1, targets.unsqueeze(1)).view(-1).to(ScalarType.Double);
      return chosen.div_(new Scalar((double) temperature)).sub_(logSumExp);
    }
  }

  /**
   * The sum of each row, {@code (M)} in double. A single row is summed as two equal rows: threads
   * would divide it, and its sum would differ from that among other rows.
   */
  private static Tensor sumOfRows(Tensor x) {
    Tensor rows = x.size(0) == 1 ? x.expand(2, x.size(1)) : x;
    return rows.sum(1).narrow(0, 0, x.size(0)).to(ScalarType.Double);
  }

  static void backwardInPlace(
      TorchTensor logits,
      Tensor targets,
      float temperature,
      TorchTensor logSumExp,
      TorchTensor dLogProbs) {
    Tensor z = logits.matrix();
    long rows = z.size(0);
    Tensor scale = dLogProbs.as(rows, 1).div(new Scalar(temperature));
    z.mul_(new Scalar(1 / temperature)).sub_(logSumExp.as(rows, 1)).exp_().mul_(scale.neg());
    z.scatter_add_(1, targets.unsqueeze(1), scale);
  }
}
