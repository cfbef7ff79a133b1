package org.sparklora.prep.tokenize;

import static org.sparklora.pipeline.table.PackedSequence.NO_LOSS;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.sparklora.prep.format.DatasetFormats.Loss;
import org.sparklora.prep.format.Example;
import org.sparklora.prep.format.TokenizedDocument;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.BadRowException.Reason;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.ChatTemplateException;
import org.sparklora.text.Conversation;
import org.sparklora.text.Encoding;
import org.sparklora.text.Message;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.jinja.Rendering;

/**
 * Turns an example into tokens and labels as TRL 1.16's SFTTrainer does.
 *
 * <ul>
 *   <li>A chat is rendered by the template and tokenized without further special tokens; every
 *       token counts for the loss.
 *   <li>A plain text, or a plain completion, gets the end-of-text token unless it ends with it
 *       already.
 *   <li>A completion begins at the first token where the tokens of the prompt and of prompt plus
 *       completion differ, which is not always the end of the prompt; by default only the
 *       completion counts.
 *   <li>With assistant-only loss, only tokens that overlap text marked by the template as generated
 *       count.
 * </ul>
 *
 * <p>Immutable and thread-safe: one instance serves all tasks of a JVM.
 *
 * @param tokenizer needed for texts and chats
 * @param template the chat template; needed for chats only. For assistant-only loss it marks the
 *     generated text
 * @param eosToken ends a plain text; empty: nothing is appended
 * @param vocabularySize bound of the model's token ids, exclusive
 */
public record ExampleTokenizer(
    Optional<Tokenizer> tokenizer,
    Optional<ChatTemplate> template,
    String eosToken,
    int vocabularySize,
    Loss loss,
    boolean assistantOnly) {
  /** A long novel has three million characters. */
  private static final int MOST_CHARACTERS = 10_000_000;

  /**
   * The tokens of an example.
   *
   * @param promptIsPrefix false when the prompt's tokens are not a prefix of the tokens of prompt
   *     and completion: the context at inference then differs from the context in training
   */
  public record TokenizedExample(TokenizedDocument document, boolean promptIsPrefix) {}

  /**
   * The example's tokens.
   *
   * @throws BadRowException without a place, when the template refuses the conversation, the row
   *     has no assistant token to learn, a token id is beyond the vocabulary, or a text cannot be
   *     tokenized
   */
  public TokenizedExample tokenize(Example example) {
    try {
      TokenizedExample tokenized = tokenized(example);
      requireKnown(tokenized.document());
      return tokenized;
    } catch (IllegalArgumentException e) { // the tokenizer's error for this text
      throw new BadRowException(Reason.MALFORMED_ROW, e.getMessage(), "", e);
    }
  }

  private TokenizedExample tokenized(Example example) {
    // Java 17 has no pattern switch; the last line serves the sealed interface's last case.
    if (example instanceof Example.Chat chat) {
      int[] prompt =
          chat.prompt().isEmpty()
              ? new int[0]
              : encode(rendered(chat.prompt(), chat.variables(), true).text(), false);
      List<Message> messages = new ArrayList<>(chat.prompt());
      messages.addAll(chat.completion());
      return completed(prompt, render(messages, chat.variables()));
    }
    if (example instanceof Example.Text text) {
      int[] prompt = text.prompt().map(given -> encode(given, true)).orElse(new int[0]);
      String end = text.completion().endsWith(eosToken) ? "" : eosToken;
      return completed(prompt, unmarked(text.prompt().orElse("") + text.completion() + end, true));
    }
    return new TokenizedExample((TokenizedDocument) example, true);
  }

  private int[] encode(String text, boolean addSpecialTokens) {
    return tokenizer.orElseThrow().encode(requireShort(text), addSpecialTokens);
  }

  private Marked unmarked(String text, boolean addSpecialTokens) {
    return new Marked(encode(text, addSpecialTokens), Optional.empty());
  }

  /**
   * Returns the text, or throws {@link BadRowException} without a place if it is too long to be
   * tokenized at once. A tokenizer uses about sixty bytes a character, so a longer text, or a
   * longer rendering by a template, could take the memory of all tasks.
   */
  public static String requireShort(String text) {
    if (text.length() > MOST_CHARACTERS) {
      throw new BadRowException(
          Reason.TEXT_TOO_LONG,
          String.format(
              Locale.ROOT,
              "its text, rendered by the chat template if there is one, has %,d characters, and a text may have at most %,d; divide the text among several rows, or look at the template",
              text.length(),
              MOST_CHARACTERS),
          "");
    }
    return text;
  }

  /** The tokens of a whole, and its labels; the prompt's tokens are empty without one. */
  private TokenizedExample completed(int[] prompt, Marked whole) {
    int mismatch = Arrays.mismatch(prompt, whole.ids);
    int common = mismatch < 0 ? prompt.length : mismatch;
    int from = loss == Loss.EVERY_TOKEN ? 0 : common;
    int[] labels = whole.ids.clone();
    for (int i = 0; i < labels.length; i++) {
      boolean counts = i >= from && (whole.generated.isEmpty() || whole.generated.get()[i]);
      labels[i] = counts ? labels[i] : NO_LOSS;
    }
    return new TokenizedExample(new TokenizedDocument(whole.ids, labels), common == prompt.length);
  }

  private void requireKnown(TokenizedDocument document) {
    for (int i = 0; i < document.tokens(); i++) {
      requireKnown(document.inputIds()[i], "input_ids", i, vocabularySize);
      if (document.labels()[i] != NO_LOSS) {
        requireKnown(document.labels()[i], "labels", i, vocabularySize);
      }
    }
  }

  /** Refuses a token id that a model does not have. */
  static void requireKnown(int id, String column, int index, int vocabularySize) {
    if (id < 0 || id >= vocabularySize) {
      throw new BadRowException(
          Reason.TOKEN_ID_BEYOND_VOCABULARY,
          "%s[%s] is %s, and the model has the ids 0 to %s"
              .formatted(column, index, id, vocabularySize - 1),
          "");
    }
  }

  private Marked render(List<Message> messages, Map<String, Object> variables) {
    Rendering rendered = rendered(messages, variables, false);
    if (!assistantOnly) {
      return unmarked(rendered.text(), false);
    }
    Encoding encoding =
        tokenizer.orElseThrow().encodeWithOffsets(requireShort(rendered.text()), false);
    boolean[] generated = encoding.overlaps(rendered.generated());
    if (IntStream.range(0, generated.length).anyMatch(i -> generated[i])) {
      return new Marked(encoding.ids(), Optional.of(generated));
    }
    throw new BadRowException(
        Reason.NO_ASSISTANT_TOKENS,
        "the conversation has no assistant message to learn from, as assistant_only_loss wants",
        "");
  }

  private Rendering rendered(
      List<Message> messages, Map<String, Object> variables, boolean addGenerationPrompt) {
    try {
      return template
          .orElseThrow()
          .render(
              new Conversation(messages, variables),
              new ChatTemplate.Options(addGenerationPrompt, Map.of()));
    } catch (ChatTemplateException e) {
      throw new BadRowException(Reason.TEMPLATE_ERROR, e.getMessage(), "", e);
    }
  }

  /** Tokens, and for assistant-only loss which of them the template marked as generated. */
  private record Marked(int[] ids, Optional<boolean[]> generated) {}
}
