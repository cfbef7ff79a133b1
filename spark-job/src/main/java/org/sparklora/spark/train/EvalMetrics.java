package org.sparklora.spark.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an evaluation measured, as transformers and TRL sum it up.
 *
 * @param metrics under TRL's names, without {@code eval_}; NaN where there was nothing
 * @param samples rows or completions that were evaluated
 * @param batches they came in
 */
public record EvalMetrics(Map<String, Double> metrics, int samples, int batches) {

  /**
   * Sums up: the loss is the mean over the rows, each with the mean loss of its batch's target
   * tokens, all else the mean over the batches.
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
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("loss", loss / allRows);
    metrics.put("entropy", entropy / rows.length);
    metrics.put("mean_token_accuracy", accuracy / rows.length);
    return new EvalMetrics(metrics, allRows, rows.length);
  }
}
