package org.sparklora.prep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.sparklora.model.text.ChatTemplate;
import org.sparklora.model.text.Tokenizer;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.model.ModelSource;

/**
 * What of a model reads and writes text.
 *
 * @param tokenizer empty when the folder has none
 * @param template {@code --chat_template_path}'s, else the folder's, if there is one
 */
record ModelText(Optional<Tokenizer> tokenizer, Optional<ChatTemplate> template) {
  private static final Map<Key, ModelText> LOADED = new ConcurrentHashMap<>();

  private record Key(ModelSource source, String chatTemplatePath) {}

  /**
   * Loaded once per JVM: a tokenizer is tens of megabytes, and every task of an executor wants it.
   *
   * @param chatTemplatePath or the empty string
   */
  static ModelText shared(ModelSource source, String chatTemplatePath) {
    return LOADED.computeIfAbsent(
        new Key(source, chatTemplatePath), key -> load(source, chatTemplatePath));
  }

  /** Reads the folder anew. */
  static ModelText load(ModelSource source, String chatTemplatePath) {
    Path folder = source.folder();
    Optional<Tokenizer> tokenizer =
        Files.isRegularFile(folder.resolve("tokenizer.json"))
            ? Optional.of(Tokenizer.load(folder))
            : Optional.empty();
    return new ModelText(tokenizer, template(chatTemplatePath, tokenizer, folder));
  }

  private static Optional<ChatTemplate> template(
      String path, Optional<Tokenizer> tokenizer, Path folder) {
    if (path.isEmpty()) {
      return ChatTemplate.load(folder);
    }
    if (Files.isDirectory(Path.of(path))) {
      Optional<ChatTemplate> other = ChatTemplate.load(Path.of(path));
      ConfigException.require(
          other.isPresent(), "chat_template_path", path, "the folder has no chat template");
      return other;
    }
    Map<String, Object> tokens = new HashMap<>();
    tokenizer.flatMap(Tokenizer::bosToken).ifPresent(token -> tokens.put("bos_token", token));
    tokenizer.flatMap(Tokenizer::eosToken).ifPresent(token -> tokens.put("eos_token", token));
    tokenizer.flatMap(Tokenizer::padToken).ifPresent(token -> tokens.put("pad_token", token));
    try {
      return Optional.of(ChatTemplate.of(Files.readString(Path.of(path)), tokens));
    } catch (IOException e) {
      throw new ConfigException(
          "chat_template_path", path, "it cannot be read (%s)".formatted(e.getMessage()));
    }
  }

  Optional<String> tokenizerSha256() {
    return tokenizer.map(Tokenizer::fingerprint);
  }

  Optional<String> templateSha256() {
    return template.map(ChatTemplate::fingerprint);
  }
}
