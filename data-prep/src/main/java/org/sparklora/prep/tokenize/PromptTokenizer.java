package org.sparklora.prep.tokenize;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.prep.format.Problem;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.BadRowException.Reason;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.ChatTemplateException;
import org.sparklora.text.Conversation;
import org.sparklora.text.Message;
import org.sparklora.text.Tokenizer;

/**
 * Turns a problem into a prompt as TRL 1.16's GRPOTrainer does: messages are rendered by the chat
 * template with the opening of the assistant's turn and tokenized without further special tokens; a
 * plain text is tokenized unchanged. The columns {@code tools} and {@code chat_template_kwargs} of
 * a row are for its rewards alone.
 *
 * <p>A system prompt is put before conversations that have no system turn. With a system prompt, a
 * plain text becomes a user's turn; a question becomes one if there is a chat template.
 *
 * <p>Immutable and thread-safe.
 *
 * @param systemPrompt empty for none; needs a template
 * @param vocabularySize bound of the model's token ids, exclusive
 */
public record PromptTokenizer(
    Tokenizer tokenizer,
    Optional<ChatTemplate> template,
    Map<String, Object> variables,
    Optional<String> systemPrompt,
    int vocabularySize) {

  /**
   * The prompt, as row 0.
   *
   * @throws BadRowException without a place, when the template refuses the conversation, the prompt
   *     has no token, a token id is beyond the vocabulary, or the text cannot be tokenized
   */
  public Prompt tokenize(Problem problem) {
    Rendered rendered = render(problem.asked());
    int[] tokens = tokens(rendered);
    if (tokens.length == 0) {
      throw new BadRowException(Reason.EMPTY_PROMPT, "its prompt has no tokens", "");
    }
    for (int i = 0; i < tokens.length; i++) {
      ExampleTokenizer.requireKnown(tokens[i], "prompt", i, vocabularySize);
    }
    Map<String, Object> columns = new TreeMap<>(problem.columns());
    rendered.messages.ifPresent(json -> columns.put(Prompt.MESSAGES, json));
    return new Prompt(0, rendered.text, tokens, problem.solution(), Map.of()).with(columns);
  }

  private int[] tokens(Rendered rendered) {
    try {
      return tokenizer.encode(
          ExampleTokenizer.requireShort(rendered.text), rendered.messages.isEmpty());
    } catch (IllegalArgumentException e) { // the tokenizer's error for this text
      throw new BadRowException(Reason.MALFORMED_ROW, e.getMessage(), "", e);
    }
  }

  /** A text and, if the template rendered it with the special tokens, its messages as JSON. */
  private record Rendered(String text, Optional<String> messages) {}

  private Rendered render(Problem.Asked asked) {
    // Java 17 has no pattern switch; the last line serves the sealed interface's last case.
    if (asked instanceof Problem.Text prompt) {
      boolean asTurn = prompt.isQuestion() ? template.isPresent() : systemPrompt.isPresent();
      return asTurn
          ? conversation(List.of(Message.of("user", prompt.text())))
          : new Rendered(prompt.text(), Optional.empty());
    }
    return conversation(((Problem.Chat) asked).messages());
  }

  private Rendered conversation(List<Message> turns) {
    ChatTemplate chat =
        template.orElseThrow(
            () ->
                new BadRowException(
                    Reason.TEMPLATE_ERROR,
                    "its prompt is a conversation and the model has no chat template; name one with --chat_template_path",
                    ""));
    List<Message> all = new ArrayList<>(turns);
    if (turns.stream().noneMatch(turn -> turn.role().equals("system"))) {
      systemPrompt.ifPresent(text -> all.add(0, Message.of("system", text)));
    }
    try {
      return new Rendered(
          chat.render(new Conversation(all, Map.of()), new ChatTemplate.Options(true, variables))
              .text(),
          Optional.of(json(all)));
    } catch (ChatTemplateException e) {
      throw new BadRowException(Reason.TEMPLATE_ERROR, e.getMessage(), "", e);
    }
  }

  private static String json(List<Message> turns) {
    List<Map<String, Object>> fields = new ArrayList<>();
    for (Message turn : turns) {
      Map<String, Object> of = new LinkedHashMap<>();
      of.put("role", turn.role());
      of.put("content", turn.content());
      of.putAll(turn.extra());
      fields.add(of);
    }
    return Prompt.json(fields);
  }
}
