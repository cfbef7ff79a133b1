package org.sparklora.prep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.pipeline.run.Once;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.json.JsonFields;

/**
 * The tokenizer and the chat template of a model.
 *
 * @param tokenizer empty when the folder has none
 * @param template of {@code --chat_template_path}, else the folder's, if any
 * @param vocabularySize bound of the model's token ids: rows of its embedding, which may be fewer
 *     than the tokenizer's ids, as in Gemma 3 1B; the tokenizer's without a config.json
 */
record ModelText(
    Optional<Tokenizer> tokenizer, Optional<ChatTemplate> template, int vocabularySize) {
  /** Size of the cache: enough for a few concurrent runs with a model each. */
  private static final int MOST_LOADED = 4;

  /** Least recently used first; guarded by itself, but not while a model is being loaded. */
  private static final Map<TextSource, Once<ModelText>> LOADED =
      new LinkedHashMap<>(16, 0.75f, true);

  /**
   * Loads a model once per JVM: a tokenizer is tens of megabytes, and every task of an executor
   * needs it.
   *
   * @param source as the driver found it; a source whose files have changed is another one
   */
  static ModelText shared(TextSource source) {
    Once<ModelText> text;
    synchronized (LOADED) {
      text = LOADED.computeIfAbsent(source, key -> new Once<>());
      if (LOADED.size() > MOST_LOADED) {
        LOADED.remove(LOADED.keySet().iterator().next());
      }
    }
    return text.get(() -> load(source));
  }

  /** Reads the files, without the cache; refuses those that changed since they were found. */
  static ModelText load(TextSource source) {
    Path folder = source.model().folder();
    Optional<Tokenizer> tokenizer =
        Files.isRegularFile(folder.resolve("tokenizer.json"))
            ? Optional.of(Tokenizer.load(folder, source.dialect()))
            : Optional.empty();
    ModelText text =
        new ModelText(tokenizer, template(source, tokenizer), vocabularySize(folder, tokenizer));
    // after reading: files may have changed before or meanwhile
    Stream.of(source.model(), source.templateOf())
        .distinct()
        .forEach(ModelSource::requireUnchanged);
    return text;
  }

  private static Optional<ChatTemplate> template(TextSource source, Optional<Tokenizer> tokenizer) {
    String name = source.templateName();
    Map<String, String> tokens =
        new TreeMap<>(tokenizer.map(Tokenizer::specialTokens).orElse(Map.of()));
    if (!source.templateText().isEmpty()) {
      return Optional.of(ChatTemplate.of(source.templateText(), tokens, name));
    }
    Path folder = source.templateOf().folder();
    Optional<ChatTemplate> template = ChatTemplate.load(folder);
    if (!name.isEmpty()) {
      ConfigException.require(
          template.isPresent(),
          Flags.CHAT_TEMPLATE_PATH,
          name,
          "it is no file, and as a folder it has no chat template");
      List<String> lacking = tokenizer.map(own -> own.lacking(folder)).orElse(List.of());
      ConfigException.require(
          lacking.isEmpty(),
          Flags.CHAT_TEMPLATE_PATH,
          name,
          "its tokenizer has the special tokens %s, which the model's lacks and would read as plain text; add them to the model and its tokenizer first, or name a file with the template if it writes none of them"
              .formatted(lacking));
      tokens.remove("eos_token"); // the folder's own stays, as in TRL
    }
    return template.map(own -> own.withTokens(tokens));
  }

  private static int vocabularySize(Path folder, Optional<Tokenizer> tokenizer) {
    try {
      return JsonFields.readIfThere(folder.resolve("config.json"))
          .whole("vocab_size", 1, Integer.MAX_VALUE)
          .orElse(tokenizer.map(Tokenizer::vocabularySize).orElse(0));
    } catch (IOException e) {
      throw new ConfigException(
          Flags.MODEL_NAME_OR_PATH,
          folder,
          "its config.json cannot be read (%s)".formatted(e.getMessage()));
    }
  }

  /** Refuses a model without a tokenizer; {@code why} may say what needs it. */
  void requireTokenizer(PrepConfig.Model model, String why) {
    ConfigException.require(
        tokenizer.isPresent(),
        Flags.MODEL_NAME_OR_PATH,
        model.reference().name(),
        "there is no tokenizer.json in it%s; name a folder with a Hugging Face checkpoint"
            .formatted(why));
  }

  /** This text with a template whose {@code strftime_now} has another clock. */
  ModelText at(Clock clock) {
    return new ModelText(tokenizer, template.map(own -> own.at(clock)), vocabularySize);
  }

  /**
   * The tokens that end texts and occur in templates, under the keys of tokenizer_config.json;
   * tokenizer.json does not tell them.
   */
  static Map<String, String> specialTokens(Optional<Tokenizer> tokenizer) {
    Map<String, String> tokens =
        new TreeMap<>(tokenizer.map(Tokenizer::specialTokens).orElse(Map.of()));
    tokens.keySet().retainAll(List.of("bos_token", "eos_token", "pad_token"));
    return tokens;
  }
}
