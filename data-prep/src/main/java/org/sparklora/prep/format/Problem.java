package org.sparklora.prep.format;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.text.Message;

/**
 * A row of a dataset of problems: the prompt for the model, the reference answer if the row has
 * one, and the columns for its rewards: texts, numbers, truth values, lists, maps, null.
 */
public record Problem(Asked asked, Optional<String> solution, Map<String, Object> columns) {

  /** The prompt, in the form in which the dataset has it. */
  public sealed interface Asked permits Text, Chat {}

  /**
   * A text, which the model sees unchanged; if {@code isQuestion} and the model has a chat
   * template, as a user's turn.
   */
  public record Text(String text, boolean isQuestion) implements Asked {}

  /** Messages for the chat template. */
  public record Chat(List<Message> messages) implements Asked {}
}
