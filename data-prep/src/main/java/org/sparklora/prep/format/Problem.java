package org.sparklora.prep.format;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A row of a dataset of problems: the prompt for the model and the columns for its rewards.
 *
 * @param asked becomes the prompt
 * @param solution the reference answer, if the row has one
 * @param columns input of rewards: texts, numbers, truth values, lists, maps, null
 */
public record Problem(Asked asked, Optional<String> solution, Map<String, Object> columns) {

  /** The prompt, in the form in which the dataset has it. */
  public sealed interface Asked permits Text, Question, Chat {}

  /** A text that the model sees unchanged. */
  public record Text(String text) implements Asked {}

  /** A question of a user; rendered by the chat template if the model has one. */
  public record Question(String text) implements Asked {}

  /** Messages for the chat template. */
  public record Chat(List<Map<String, Object>> messages) implements Asked {}
}
