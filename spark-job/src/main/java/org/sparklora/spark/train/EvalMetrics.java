package org.sparklora.spark.train;

import java.util.List;

/**
 * What an evaluation measured, as transformers and TRL sum it up.
 *
 * @param loss mean over the rows, each with the mean loss of its batch's target tokens
 * @param entropy mean over the batches
 * @param accuracy mean over the batches
 * @param rows evaluated
 * @param batches they came in
 */
public record EvalMetrics(double loss, double entropy, double accuracy, int rows, int batches) {

  /**
   * Sums up.
   *
   * @param batches one a batch, in the order of the rows
   * @param rows how many each has
   */
  public static EvalMetrics of(List<StepMetrics> batches, int[] rows) {
    double loss = 0;
    double entropy = 0;
    double accuracy = 0;
    int allRows = 0;
    for (int i = 0; i < rows.length; i++) {
      loss += rows[i] * batches.get(i).loss();
      entropy += batches.get(i).entropySum();
      accuracy += batches.get(i).accuracySum();
      allRows += rows[i];
    }
    return new EvalMetrics(
        loss / allRows, entropy / rows.length, accuracy / rows.length, allRows, rows.length);
  }
}
