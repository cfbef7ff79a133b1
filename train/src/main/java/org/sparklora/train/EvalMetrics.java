package org.sparklora.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The metrics of an evaluation, aggregated as in transformers and TRL.
 *
 * @param metrics under TRL's names, without {@code eval_}; NaN without a measurement
 * @param samples number of rows or completions evaluated
 * @param batches number of batches of the samples
 */
public record EvalMetrics(Map<String, Double> metrics, int samples, int batches) {

  /**
   * Aggregates batches: the loss is the mean over rows, each with its batch's mean loss per target
   * token; the loss of a mixture's dataset is the mean over its target tokens; other metrics are
   * means over batches.
   *
   * @param batches the metrics of each batch, in the order of the rows
   * @param rows number of rows of each batch
   */
  public static EvalMetrics of(List<StepMetrics> batches, int[] rows) {
    double loss = 0;
    int allRows = 0;
    StepMetrics all = StepMetrics.none(0);
    for (int i = 0; i < rows.length; i++) {
      loss += rows[i] * batches.get(i).loss();
      allRows += rows[i];
      all = all.plus(batches.get(i));
    }
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("loss", loss / allRows);
    metrics.put("entropy", all.entropySum() / rows.length);
    metrics.put("mean_token_accuracy", all.accuracySum() / rows.length);
    metrics.putAll(SourceLoss.metrics(all.sources()));
    metrics.putAll(all.ofRouters());
    return new EvalMetrics(metrics, allRows, rows.length);
  }
}
