package org.sparklora.train;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.function.Predicate;
import org.sparklora.model.PolicyBatch;
import org.sparklora.model.PolicyRow;

/**
 * A micro-batch divided into completions with advantage 0 and all others. Without a divergence from
 * a reference policy the former have no gradient, so a forward pass suffices for their metrics.
 * Arrays are read-only and not copied.
 *
 * @param trained the whole micro-batch, of which only some completions are computed
 * @param flat the completions with advantage 0
 * @param isFlat for each completion whether it is in {@link #flat}
 * @param lengths target tokens of each completion
 */
record PolicySplit(PolicyBatch trained, PolicyBatch flat, List<Boolean> isFlat, int[] lengths) {

  /** Divides a micro-batch; {@code divides} false puts all completions into {@link #trained}. */
  static PolicySplit of(List<PolicyRow> rows, boolean divides) {
    Predicate<PolicyRow> isFlat = row -> divides && row.isFlat();
    return new PolicySplit(
        PolicyBatch.of(rows, row -> row.targetCount() > 0 && !isFlat.test(row)),
        PolicyBatch.of(rows.stream().filter(isFlat).toList()),
        rows.stream().map(isFlat::test).toList(),
        rows.stream().mapToInt(PolicyRow::targetCount).toArray());
  }

  /** A micro-batch of which all tokens are trained on, for a loss of routers. */
  static PolicySplit ofAllTokens(List<PolicyRow> rows) {
    PolicySplit whole = of(rows, false);
    return new PolicySplit(PolicyBatch.ofAllTokens(rows), whole.flat, whole.isFlat, whole.lengths);
  }

  /** Merges values of both parts' target tokens in the order of the whole micro-batch. */
  float[] merge(float[] ofTrained, float[] ofFlat) {
    float[] all = new float[ofTrained.length + ofFlat.length];
    FloatBuffer trained = FloatBuffer.wrap(ofTrained);
    FloatBuffer flat = FloatBuffer.wrap(ofFlat);
    int start = 0;
    for (int c = 0; c < lengths.length; c++) {
      (isFlat.get(c) ? flat : trained).get(all, start, lengths[c]);
      start += lengths[c];
    }
    return all;
  }
}
