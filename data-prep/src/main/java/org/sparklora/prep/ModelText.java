package org.sparklora.prep;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.Tokenizer;

/**
 * What of a model reads and writes text.
 *
 * @param tokenizer empty when the folder has none
 * @param template {@code --chat_template_path}'s, else the folder's, if any
 */
record ModelText(Optional<Tokenizer> tokenizer, Optional<ChatTemplate> template) {
  private static final Map<TextSource, ModelText> LOADED = new ConcurrentHashMap<>();

  /**
   * Loaded once per JVM: a tokenizer is tens of megabytes, and every task of an executor wants it.
   */
  static ModelText shared(TextSource source) {
    return LOADED.computeIfAbsent(source, ModelText::load);
  }

  /** Reads the files anew. */
  static ModelText load(TextSource source) {
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
      Map<String, Object> tokens = new HashMap<>();
      tokenizer.flatMap(Tokenizer::bosToken).ifPresent(token -> tokens.put("bos_token", token));
      tokenizer.flatMap(Tokenizer::eosToken).ifPresent(token -> tokens.put("eos_token", token));
      tokenizer.flatMap(Tokenizer::padToken).ifPresent(token -> tokens.put("pad_token", token));
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

  Optional<String> tokenizerSha256() {
    return tokenizer.map(Tokenizer::fingerprint);
  }

  Optional<String> templateSha256() {
    return template.map(ChatTemplate::fingerprint);
  }
}
