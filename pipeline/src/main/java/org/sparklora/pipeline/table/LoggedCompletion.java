package org.sparklora.pipeline.table;

import java.util.List;
import java.util.Map;

/**
 * A row read from {@link CompletionsTable}.
 *
 * @param step optimizer steps when it was logged
 * @param prompt the conversation; a text is one turn without a role; empty if it was not read
 * @param completion the completion, in the same form
 * @param rewards rewards by reward function, in the table's order; NaN: not judged
 * @param advantage the advantage; NaN if the table has none
 */
public record LoggedCompletion(
    int step,
    List<Turn> prompt,
    List<Turn> completion,
    Map<String, Double> rewards,
    double advantage) {

  /**
   * One turn of a conversation.
   *
   * @param role empty for a text that is not a conversation
   */
  public record Turn(String role, String content) {}
}
