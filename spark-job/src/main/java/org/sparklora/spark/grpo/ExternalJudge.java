package org.sparklora.spark.grpo;

import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Judges completions outside of this JVM, in the same Spark application, for example in Python.
 *
 * <p>The input is the completions of a round; those of a prompt are side by side in one partition:
 *
 * <pre>
 * row             bigint              number in the round, from 0
 * prompt_id       bigint
 * prompt          string              as given to the model
 * messages        string, nullable    the conversation that was rendered, as JSON
 * completion      string
 * completion_ids  array of int
 * solution        string, nullable
 * columns         string              the reward's input: JSON of values by column
 * </pre>
 *
 * <p>The answer has as many rows, in any order:
 *
 * <pre>
 * row      bigint
 * rewards  array of double   one for each function, in their order; null or NaN: not judged
 * reward   string, nullable  name of a function that failed
 * problem  string, nullable  the message for the user
 * </pre>
 */
@FunctionalInterface
public interface ExternalJudge {
  /** The judge's rows; computed when they are read. */
  Dataset<Row> judge(Dataset<Row> completions);

  /**
   * Judges again after a judging process has died, in a way that finds and names a function that
   * ends its process.
   */
  default Dataset<Row> judgeApart(Dataset<Row> completions) {
    return judge(completions);
  }

  /**
   * A column that a reward needs and a dataset lacks; asked before any completion is drawn.
   *
   * @param columns of the rewards' input
   * @return the reward's name, a line break, and the problem; empty if nothing is lacking
   */
  default String lacking(List<String> columns) {
    return "";
  }
}
