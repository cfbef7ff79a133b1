package org.sparklora.train;

import java.io.Serializable;
import java.util.List;
import java.util.Map;

/**
 * The metrics of one optimizer step of a policy loss.
 *
 * @param step number of the step, from 0
 * @param loss sum of the micro-batches' losses
 * @param gradNorm L2 norm of the gradient before clipping
 * @param microBatches TRL's metrics of each micro-batch, under TRL's names; NaN without a
 *     measurement
 */
public record PolicyMetrics(
    int step, double loss, double gradNorm, List<Map<String, Double>> microBatches)
    implements Serializable {

  public static PolicyMetrics of(int step, double gradNorm, List<PolicyGradient> parts) {
    double loss = 0;
    for (PolicyGradient part : parts) {
      loss += part.loss();
    }
    return new PolicyMetrics(
        step, loss, gradNorm, parts.stream().map(PolicyGradient::metrics).toList());
  }

  /** A step that workers took apart, of equally many completions: means of loss and norm. */
  public static PolicyMetrics mean(List<PolicyMetrics> ofWorkers) {
    return new PolicyMetrics(
        ofWorkers.get(0).step,
        ofWorkers.stream().mapToDouble(PolicyMetrics::loss).average().orElseThrow(),
        ofWorkers.stream().mapToDouble(PolicyMetrics::gradNorm).average().orElseThrow(),
        ofWorkers.stream().flatMap(one -> one.microBatches.stream()).toList());
  }
}
