package org.sparklora.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.text.json.JsonFields;

/**
 * The special tokens that a checkpoint's tokenizer_config.json names; an older
 * special_tokens_map.json overrides it where the config has no {@code added_tokens_decoder}, as in
 * transformers.
 *
 * @param byName {@code "eos_token"} to {@code "<|im_end|>"}, only the names that have a token; also
 *     a model's own names, {@code "image_token"}, in the order of the file, which decides new ids
 * @param others special tokens without a name
 */
record SpecialTokens(Map<String, String> byName, List<String> others) {
  static final String CONFIG_FILE = "tokenizer_config.json";

  static final String MAP_FILE = "special_tokens_map.json";
  static final List<String> NAMES =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  static SpecialTokens read(Path folder) throws IOException {
    JsonFields config = JsonFields.readIfThere(folder.resolve(CONFIG_FILE));
    Map<String, String> byName = new LinkedHashMap<>();
    List<String> others = new ArrayList<>();
    collect(config, byName, others);
    if (!config.json().has("added_tokens_decoder")) {
      collect(JsonFields.readIfThere(folder.resolve(MAP_FILE)), byName, others);
    }
    return new SpecialTokens(Collections.unmodifiableMap(byName), List.copyOf(others));
  }

  /**
   * Adds a class's default tokens for names that the checkpoint leaves out.
   *
   * @param config tokenizer_config.json, in which null means no token
   */
  SpecialTokens orElse(Map<String, String> defaults, JsonNode config) {
    Map<String, String> all = new LinkedHashMap<>(defaults);
    all.keySet().removeIf(config::has);
    all.putAll(byName);
    return new SpecialTokens(Collections.unmodifiableMap(all), others);
  }

  Optional<String> named(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** All special tokens, in a fixed order. */
  List<String> all() {
    List<String> all = new ArrayList<>();
    NAMES.forEach(name -> named(name).ifPresent(all::add));
    all.addAll(byName.values());
    all.addAll(others);
    return all.stream().distinct().toList();
  }

  private static void collect(JsonFields fields, Map<String, String> byName, List<String> others) {
    JsonNode json = fields.json();
    for (String name : NAMES) {
      if (json.has(name)) {
        byName.remove(name);
        content(fields, name, json.get(name)).ifPresent(token -> byName.put(name, token));
      }
    }
    boolean isMap = fields.file().endsWith(MAP_FILE);
    for (Map.Entry<String, JsonNode> entry : json.properties()) {
      String name = entry.getKey();
      JsonNode token = entry.getValue();
      if (name.endsWith("_token")
          && (token.isTextual() || token.isObject() && (isMap || token.has("__type")))) {
        content(fields, name, token).ifPresent(text -> byName.put(name, text));
      }
    }
    boolean newer = !json.path("extra_special_tokens").isEmpty();
    String key = newer ? "extra_special_tokens" : "additional_special_tokens";
    JsonNode extra = json.path(key);
    if (!extra.isContainerNode() && fields.has(key)) {
      throw fields.refusal(
          key, extra, "must be a list of tokens, an object of tokens by name, or null");
    }
    for (Map.Entry<String, JsonNode> entry : extra.properties()) {
      content(fields, key, entry.getValue()).ifPresent(text -> byName.put(entry.getKey(), text));
    }
    if (extra.isArray()) {
      extra.forEach(token -> content(fields, key, token).ifPresent(others::add));
    }
  }

  /** Reads a token, written as a string or as an object with {@code content}. */
  static Optional<String> content(JsonFields fields, String key, JsonNode token) {
    JsonNode text = token.isObject() ? token.path("content") : token;
    if (!text.isTextual() && !token.isNull()) {
      throw fields.refusal(
          key, token, "must be a token in quotes, an object with content, or null");
    }
    return Optional.ofNullable(text.textValue());
  }
}
