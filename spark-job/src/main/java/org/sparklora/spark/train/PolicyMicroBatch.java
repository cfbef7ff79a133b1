package org.sparklora.spark.train;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.sparklora.model.PolicyBatch;
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
    int step,
    int number,
    List<PolicyBatch.Row> rows,
    GrpoLossConfig loss,
    AccumulationWindow window)
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
    for (PolicyBatch.Row row : rows) {
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
    return rows.stream().mapToLong(row -> row.prompt().length + row.completion().length).sum();
  }

  /** Optional, which rows hold, is not serialisable. */
  private Object writeReplace() {
    return new Wire(step, number, rows.stream().map(WireRow::of).toList(), loss, window);
  }

  private record Wire(
      int step, int number, List<WireRow> rows, GrpoLossConfig loss, AccumulationWindow window)
      implements Serializable {
    private Object readResolve() {
      List<PolicyBatch.Row> read = rows.stream().map(WireRow::row).toList();
      return new PolicyMicroBatch(step, number, read, loss, window);
    }
  }

  private record WireRow(
      int[] prompt,
      int[] completion,
      float advantage,
      boolean masked,
      float[] oldLogProbs,
      float[] referenceLogProbs)
      implements Serializable {

    static WireRow of(PolicyBatch.Row row) {
      return new WireRow(
          row.prompt(),
          row.completion(),
          row.advantage(),
          row.masked(),
          row.oldLogProbs().orElse(null),
          row.referenceLogProbs().orElse(null));
    }

    PolicyBatch.Row row() {
      return new PolicyBatch.Row(
          prompt,
          completion,
          advantage,
          masked,
          Optional.ofNullable(oldLogProbs),
          Optional.ofNullable(referenceLogProbs));
    }
  }
}
