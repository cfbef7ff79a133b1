package org.sparklora.prep.format;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A row of a dataset of problems: what a model is asked and what its completions are judged by.
 *
 * @param asked what becomes the prompt
 * @param solution the reference answer, if the row has one
 * @param columns what rewards may look at: texts, numbers, truth values, lists, maps, null
 */
public record Problem(Asked asked, Optional<String> solution, Map<String, Object> columns) {

  /** The question, in the form in which the dataset has it. */
  public sealed interface Asked permits Text, Question, Chat {}

  /** A prompt that the model sees as it is. */
  public record Text(String text) implements Asked {}

  /** A question of a user, for the chat template, if the model has one. */
  public record Question(String text) implements Asked {}

  /**
   * Messages for the chat template.
   *
   * @param variables what the template may read besides
   */
  public record Chat(List<Map<String, Object>> messages, Map<String, Object> variables)
      implements Asked {}
}
