package org.sparklora.spark.train;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.loss.AccumulationWindow;
import org.sparklora.model.loss.GrpoLossConfig;

/**
 * One micro-batch of an optimizer step of a policy loss, which any executor can compute.
 *
 * @param step number of the step, from 0
 * @param number of the micro-batch in the step, from 0
 * @param rows its completions
 * @param loss what is computed on them
 * @param window its share of the step
 */
public record PolicyMicroBatch(
    int step, int number, List<PolicyRow> rows, GrpoLossConfig loss, AccumulationWindow window)
    implements Serializable {

  /**
   * Whether completions without an advantage need no gradient: a divergence from the reference
   * policy would give them one, and a quantile of entropies counts them.
   */
  boolean skipsFlatRows() {
    return loss.divergence().beta() == 0 && loss.topEntropyQuantile() == 1;
  }

  /**
   * Divides what was computed of the target tokens among the completions that are not masked.
   *
   * @param ofTargets one a target token
   */
  public List<float[]> ofCompletions(float[] ofTargets) {
    List<float[]> parts = new ArrayList<>();
    int from = 0;
    for (PolicyRow row : rows) {
      if (!row.masked()) {
        int to = from + row.completion().length;
        parts.add(Arrays.copyOfRange(ofTargets, from, to));
        from = to;
      }
    }
    return parts;
  }

  /** Tokens of all prompts and completions, as {@code num_tokens} counts them. */
  long tokens() {
    return rows.stream().mapToLong(PolicyRow::length).sum();
  }
}
