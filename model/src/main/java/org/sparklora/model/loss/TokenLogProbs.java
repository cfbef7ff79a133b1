package org.sparklora.model.loss;

/**
 * A decoder's scores of the M target tokens of a batch.
 *
 * @param positions rows of the batch that have a target, ascending; the target of row n is the
 *     label of token n + 1
 * @param targets the target tokens
 * @param logProbs log-probabilities of the targets, in nats
 * @param entropies entropies of the predicted distributions, in nats
 * @param argmax the likeliest tokens
 *     <p>Arrays are read-only and not copied.
 */
public record TokenLogProbs(
    int[] positions, int[] targets, float[] logProbs, float[] entropies, int[] argmax) {

  /** The scores of a batch without targets. */
  public static final TokenLogProbs NONE =
      new TokenLogProbs(new int[0], new int[0], new float[0], new float[0], new int[0]);

  /** M, the number of targets. */
  public int count() {
    return positions.length;
  }

  /** Σ −log p. */
  public double nllSum() {
    double sum = 0;
    for (float logProb : logProbs) {
      sum -= logProb;
    }
    return sum;
  }

  /** Σ −p·log p. */
  public double weightedNllSum() {
    double sum = 0;
    for (float logProb : logProbs) {
      sum -= Math.exp(logProb) * logProb;
    }
    return sum;
  }

  /** Mean entropy; 0 without targets. */
  public double entropyMean() {
    double sum = 0;
    for (float entropy : entropies) {
      sum += entropy;
    }
    return count() == 0 ? 0 : sum / count();
  }

  /** Share of the targets that are the likeliest token; 0 without targets. */
  public double accuracyMean() {
    int correct = 0;
    for (int m = 0; m < count(); m++) {
      correct += argmax[m] == targets[m] ? 1 : 0;
    }
    return count() == 0 ? 0 : (double) correct / count();
  }
}
