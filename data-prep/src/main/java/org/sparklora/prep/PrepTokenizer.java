package org.sparklora.prep;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.tokenize.ExampleTokenizer;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.json.JsonFields;

/** Makes the tokenizer of training examples for a configuration. */
final class PrepTokenizer {
  private PrepTokenizer() {}

  /**
   * The tokenizer and template of a model, with the settings of {@code config}.
   *
   * @param text loaded from {@code source}
   */
  static ExampleTokenizer of(TextSource source, ModelText text, PrepConfig config) {
    Optional<Tokenizer> tokenizer = text.tokenizer();
    Optional<ChatTemplate> template = text.template();
    if (config.assistantOnlyLoss()) {
      template = template.map(PrepTokenizer::marking);
    }
    String ownEos = config.model().eosToken();
    if (!ownEos.isEmpty()) {
      ConfigException.require(
          tokenizer.isPresent() && tokenizer.get().idOf(ownEos).isPresent(),
          Flags.EOS_TOKEN,
          ownEos,
          "the tokenizer has no such token; name one of its tokens");
      template = template.map(own -> own.withEosToken(ownEos));
    }
    return new ExampleTokenizer(
        tokenizer,
        template,
        ownEos.isEmpty() ? tokenizer.flatMap(Tokenizer::eosToken).orElse("") : ownEos,
        vocabulary(source.model().folder(), tokenizer),
        config.loss(),
        config.assistantOnlyLoss());
  }

  private static ChatTemplate marking(ChatTemplate template) {
    return template
        .forAssistantOnlyLoss()
        .orElseThrow(
            () ->
                new ConfigException(
                    Flags.ASSISTANT_ONLY_LOSS,
                    true,
                    "the chat template does not mark what the assistant says; use one with {% generation %} by --chat_template_path, or train on every token"));
  }

  /**
   * Bound of a model's token ids: rows of its embedding, which may be fewer than the tokenizer's
   * ids, as in Gemma 3 1B; the tokenizer's without a config.json.
   */
  static int vocabulary(Path folder, Optional<Tokenizer> tokenizer) {
    Path config = folder.resolve("config.json");
    try {
      return JsonFields.readIfThere(config)
          .whole("vocab_size", 1, Integer.MAX_VALUE)
          .orElse(tokenizer.map(Tokenizer::vocabularySize).orElse(0));
    } catch (IOException e) {
      throw new ConfigException(
          Flags.MODEL_NAME_OR_PATH,
          folder,
          "its config.json cannot be read (%s)".formatted(e.getMessage()));
    }
  }
}
