package org.sparklora.pipeline.table;

import java.util.List;
import java.util.Map;

/**
 * A row of {@link CompletionsTable}, as it is read back.
 *
 * @param step optimizer steps when it was logged
 * @param prompt the conversation; a text is one turn without a role; empty where it was not read
 * @param completion likewise
 * @param rewards by reward function, in the table's order; NaN: not judged
 * @param advantage NaN where the table has none
 */
public record LoggedCompletion(
    int step,
    List<Turn> prompt,
    List<Turn> completion,
    Map<String, Double> rewards,
    double advantage) {

  /**
   * What one side said.
   *
   * @param role empty for a text that is no conversation
   */
  public record Turn(String role, String content) {}
}
