package org.sparklora.model.engine.reference;

import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.TokenScores;
import org.sparklora.model.engine.tensor.HostIndices;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/** Log-probabilities of {@link ReferenceKernels}, one row of logits at a time. */
interface ReferenceLogProbs extends Kernels {

  /**
   * With z = logits / temperature: {@code logSumExp = ln Σ e^z, logProb = z[target] − logSumExp}.
   */
  @Override
  default void tokenLogProbs(Tensor logits, Indices labels, float temperature, TokenScores y) {
    int[] targets = labels.toArray();
    float[] z = new float[logits.columns()];
    for (int m = 0; m < targets.length; m++) {
      logits.read((long) m * z.length, z, 0, z.length);
      int best = ReferenceSampling.likeliest(z);
      double sum = 0; // Σ exp(z − max)
      double weighted = 0; // Σ exp(z − max) · (z − max)
      for (float logit : z) {
        double shifted = (double) (logit - z[best]) / temperature;
        double e = Math.exp(shifted);
        sum += e;
        weighted += e == 0 ? 0 : e * shifted;
      }
      double top = (double) z[best] / temperature;
      ((HostIndices) y.argmax()).set(m, best);
      put(top + Math.log(sum), y.logSumExp(), m);
      put((double) z[targets[m]] / temperature - top - Math.log(sum), y.logProbs(), m);
      put(Math.log(sum) - weighted / sum, y.entropies(), m);
    }
  }

  private static void put(double value, Tensor y, int m) {
    y.write(m, new float[] {(float) value}, 0, 1);
  }

  /** {@code dLogits = dLogProb · (onehot(target) − e^(z − logSumExp)) / temperature}. */
  @Override
  default void tokenLogProbsBackwardInPlace(
      Tensor logits, Indices labels, float temperature, Tensor logSumExp, Tensor dLogProbs) {
    int[] targets = labels.toArray();
    float[] sums = logSumExp.toArray();
    float[] dOut = dLogProbs.toArray();
    float[] z = new float[logits.columns()];
    for (int m = 0; m < targets.length; m++) {
      logits.read((long) m * z.length, z, 0, z.length);
      double scale = (double) dOut[m] / temperature;
      for (int i = 0; i < z.length; i++) {
        double probability = Math.exp((double) z[i] / temperature - sums[m]);
        z[i] = (float) (scale * ((i == targets[m] ? 1 : 0) - probability));
      }
      logits.write((long) m * z.length, z, 0, z.length);
    }
  }
}
