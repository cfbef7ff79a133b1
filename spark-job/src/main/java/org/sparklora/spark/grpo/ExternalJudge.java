package org.sparklora.spark.grpo;

import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Judges completions outside of this JVM, in the same Spark application: Python functions, for one.
 *
 * <p>It is given the completions of a round; those of a prompt are in one partition, side by side:
 *
 * <pre>
 * row             bigint              number in the round, from 0
 * prompt_id       bigint
 * prompt          string              as the model sees it
 * messages        string, nullable    the conversation that was rendered, as JSON
 * completion      string
 * completion_ids  array of int
 * solution        string, nullable
 * columns         string              what a reward sees: JSON of values by column
 * </pre>
 *
 * <p>and answers with as many rows, in any order:
 *
 * <pre>
 * row      bigint
 * rewards  array of double   one for each function, in their order; null or NaN: not judged
 * reward   string, nullable  where judging failed, the function,
 * problem  string, nullable  and what to say of it
 * </pre>
 */
@FunctionalInterface
public interface ExternalJudge {
  /** The answers; computed when they are read. */
  Dataset<Row> judge(Dataset<Row> completions);

  /**
   * The same once more, after a process that judged has died: carefully, so that a function that
   * ends its process is found and named.
   */
  default Dataset<Row> judgeApart(Dataset<Row> completions) {
    return judge(completions);
  }

  /**
   * What a reward needs that a dataset does not have; asked before any completion is drawn.
   *
   * @param columns that rewards will see
   * @return the reward's name, a line break, and what it lacks; empty: nothing
   */
  default String lacking(List<String> columns) {
    return "";
  }
}
