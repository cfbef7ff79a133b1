package org.sparklora.prep.format;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.text.Message;

/** A training example as the dataset gives it, before chat template and tokenizer. */
public sealed interface Example permits Example.Text, Example.Chat, TokenizedDocument {

  /** A given prompt and its continuation, or else a whole text, which all counts for the loss. */
  record Text(Optional<String> prompt, String completion) implements Example {}

  /**
   * A conversation. Its messages have no nulls.
   *
   * @param prompt the messages that are given; if empty, every token counts for the loss
   * @param completion the messages to learn, or all messages
   * @param variables for the template, besides the messages: {@code tools}, and the entries of
   *     {@code chat_template_kwargs}
   */
  record Chat(List<Message> prompt, List<Message> completion, Map<String, Object> variables)
      implements Example {}
}
