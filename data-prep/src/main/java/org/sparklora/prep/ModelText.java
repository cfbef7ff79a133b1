package org.sparklora.prep;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.Once;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.Tokenizer;

/**
 * What of a model reads and writes text.
 *
 * @param tokenizer empty when the folder has none
 * @param template {@code --chat_template_path}'s, else the folder's, if any
 */
record ModelText(Optional<Tokenizer> tokenizer, Optional<ChatTemplate> template) {
  /** Runs side by side, of one model each, find theirs again. */
  private static final int MOST_LOADED = 4;

  /** The one used last is the last; guarded by itself, and not while one is loaded. */
  private static final Map<TextSource, Once<ModelText>> LOADED =
      new LinkedHashMap<>(16, 0.75f, true);

  /**
   * Loaded once per JVM: a tokenizer is tens of megabytes, and every task of an executor wants it.
   *
   * @param source as the driver found it: another content of the same files is another source
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

  /**
   * Reads the files anew.
   *
   * @throws ConfigException if they are not those that the driver found
   */
  static ModelText load(TextSource source) {
    ModelText text = read(source);
    source.requireUnchanged(); // after reading: files may have changed before or meanwhile
    return text;
  }

  private static ModelText read(TextSource source) {
    Path folder = source.model().folder();
    Optional<Tokenizer> tokenizer =
        Files.isRegularFile(folder.resolve("tokenizer.json"))
            ? Optional.of(Tokenizer.load(folder, source.dialect()))
            : Optional.empty();
    return new ModelText(tokenizer, template(source, tokenizer));
  }

  private static Optional<ChatTemplate> template(TextSource source, Optional<Tokenizer> tokenizer) {
    // No pattern switch in Java 17; the interface is sealed, so nothing is left for the last line.
    if (source.template() instanceof TextSource.TemplateFile file) {
      Map<String, Object> tokens = new TreeMap<>(specialTokens(tokenizer));
      return Optional.of(ChatTemplate.of(file.text(), tokens, file.name()));
    }
    if (source.template() instanceof TextSource.OtherTokenizer other) {
      Optional<ChatTemplate> template = ChatTemplate.load(other.folder().folder());
      ConfigException.require(
          template.isPresent(),
          Flags.CHAT_TEMPLATE_PATH,
          other.folder().name(),
          "it is no file, and as a folder it has no chat template");
      return template;
    }
    return ChatTemplate.load(source.model().folder());
  }

  /**
   * The tokens that end texts and stand in templates, by what tokenizer_config.json calls them:
   * tokenizer.json does not tell.
   */
  Map<String, String> specialTokens() {
    return specialTokens(tokenizer);
  }

  private static Map<String, String> specialTokens(Optional<Tokenizer> tokenizer) {
    Map<String, String> tokens = new TreeMap<>();
    tokenizer.flatMap(Tokenizer::bosToken).ifPresent(token -> tokens.put("bos_token", token));
    tokenizer.flatMap(Tokenizer::eosToken).ifPresent(token -> tokens.put("eos_token", token));
    tokenizer.flatMap(Tokenizer::padToken).ifPresent(token -> tokens.put("pad_token", token));
    return tokens;
  }

  Optional<String> tokenizerSha256() {
    return tokenizer.map(Tokenizer::fingerprint);
  }

  Optional<String> templateSha256() {
    return template.map(ChatTemplate::fingerprint);
  }
}
