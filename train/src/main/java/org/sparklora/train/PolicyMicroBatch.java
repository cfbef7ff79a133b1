package org.sparklora.train;

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
 * @param window the micro-batch's share of the step
 */
public record PolicyMicroBatch(
    int step, int number, List<PolicyRow> rows, GrpoLossConfig loss, AccumulationWindow window)
    implements Serializable {

  /**
   * Whether completions with advantage 0 may be left out of the gradient: not if a divergence from
   * the reference policy gives them a gradient, nor if an entropy quantile counts their tokens.
   */
  boolean skipsFlatRows() {
    return loss.divergence().beta() == 0 && loss.topEntropyQuantile() == 1;
  }

  /** Splits values of this micro-batch's target tokens by completion. */
  public List<float[]> ofCompletions(float[] ofTargets) {
    return ofCompletions(rows, ofTargets);
  }

  /** Splits values of all target tokens by completion, without the masked ones. */
  public static List<float[]> ofCompletions(List<PolicyRow> rows, float[] ofTargets) {
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

  /** Tokens of all prompts and completions, as counted in {@code num_tokens}. */
  long tokens() {
    return rows.stream().mapToLong(PolicyRow::length).sum();
  }
}
