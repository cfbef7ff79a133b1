package org.sparklora.prep.format;

import java.util.List;
import java.util.Map;

/**
 * A training example as the dataset gives it, before a chat template or a tokenizer saw it.
 *
 * <p>A message is a map with {@code role}, {@code content} and whatever else the dataset has
 * ({@code tool_calls}, {@code reasoning_content}, …), without nulls.
 */
public sealed interface Example {

  /** Plain text, all of it trained on. */
  record Text(String text) implements Example {}

  /** A plain prompt and its plain continuation. */
  record PromptCompletion(String prompt, String completion) implements Example {}

  /**
   * A conversation.
   *
   * @param variables what the template may read besides the messages: {@code tools}, and the
   *     entries of {@code chat_template_kwargs}
   */
  record Chat(List<Map<String, Object>> messages, Map<String, Object> variables)
      implements Example {}

  /** A conversation cut in two: what is given, and what is to be learned. */
  record ChatPromptCompletion(
      List<Map<String, Object>> prompt,
      List<Map<String, Object>> completion,
      Map<String, Object> variables)
      implements Example {}

  /**
   * Tokens made elsewhere.
   *
   * @param inputIds token ids, (T)
   * @param labels the token id, or -100 where a token does not count for the loss, (T)
   */
  record Tokens(int[] inputIds, int[] labels) implements Example {}
}
