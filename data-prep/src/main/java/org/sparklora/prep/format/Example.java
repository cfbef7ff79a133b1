package org.sparklora.prep.format;

import java.util.List;
import java.util.Map;

/**
 * A training example as the dataset gives it, before chat template and tokenizer.
 *
 * <p>A message is a map of {@code role}, {@code content} and the dataset's other keys ({@code
 * tool_calls}, {@code reasoning_content}, …), without nulls.
 */
public sealed interface Example {

  /** Plain text; every token counts for the loss. */
  record Text(String text) implements Example {}

  /** A plain prompt and its plain continuation. */
  record PromptCompletion(String prompt, String completion) implements Example {}

  /**
   * A conversation.
   *
   * @param variables for the template, besides the messages: {@code tools}, and the entries of
   *     {@code chat_template_kwargs}
   */
  record Chat(List<Map<String, Object>> messages, Map<String, Object> variables)
      implements Example {}

  /** A conversation in two parts: the given prompt and the completion to learn. */
  record ChatPromptCompletion(
      List<Map<String, Object>> prompt,
      List<Map<String, Object>> completion,
      Map<String, Object> variables)
      implements Example {}

  /**
   * An example tokenized elsewhere.
   *
   * @param inputIds token ids, (T)
   * @param labels the token id, or -100 where a token does not count for the loss, (T)
   */
  record Tokens(int[] inputIds, int[] labels) implements Example {}
}
