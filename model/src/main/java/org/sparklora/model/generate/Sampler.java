package org.sparklora.model.generate;

import java.util.List;
import org.sparklora.model.engine.Draws;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.NonFiniteRowException;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.Tensor;

/** Picks the next token of each completion from its row of logits. */
record Sampler(Engine engine, SamplingConfig config) {

  /**
   * @param logits {@code (M, V)}; left as they are
   * @param rows {@code (M)}
   * @throws NonFiniteLogitsException if one is NaN or infinite, however tokens are picked
   */
  Draws draw(Tensor logits, List<Row> rows) {
    SamplingRule rule = config.rule();
    double[] uniforms = rows.stream().mapToDouble(row -> row.uniform(config.seed())).toArray();
    List<int[]> seen = rule.hasPenalty() ? rows.stream().map(Row::seen).toList() : List.of();
    try {
      return engine.sample(logits, rule, uniforms, seen);
    } catch (NonFiniteRowException e) {
      throw new NonFiniteLogitsException(rows.get(e.row()).promptId());
    }
  }
}
