package org.sparklora.model.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The special tokens that a checkpoint's tokenizer_config.json names; an older
 * special_tokens_map.json overrides it where the config has no {@code added_tokens_decoder}, as in
 * transformers.
 *
 * @param byName {@code "eos_token"} to {@code "<|im_end|>"}, only the names that have a token
 * @param others tokens without such a name
 */
record SpecialTokens(Map<String, String> byName, List<String> others) {
  static final String CONFIG_FILE = "tokenizer_config.json";

  private static final String MAP_FILE = "special_tokens_map.json";
  private static final List<String> NAMES =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  static SpecialTokens read(Path folder) {
    JsonNode config = readJson(folder.resolve(CONFIG_FILE));
    Map<String, String> byName = new LinkedHashMap<>();
    List<String> others = new ArrayList<>();
    collect(config, byName, others);
    if (!config.has("added_tokens_decoder")) {
      collect(readJson(folder.resolve(MAP_FILE)), byName, others);
    }
    return new SpecialTokens(Map.copyOf(byName), List.copyOf(others));
  }

  Optional<String> named(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** All of them, in a fixed order. */
  List<String> all() {
    List<String> all = new ArrayList<>();
    NAMES.forEach(name -> named(name).ifPresent(all::add));
    all.addAll(others);
    return all.stream().distinct().toList();
  }

  /** The content of a JSON file, or a missing node if there is no such file. */
  static JsonNode readJson(Path file) {
    if (!Files.isRegularFile(file)) {
      return new ObjectMapper().missingNode();
    }
    try {
      return new ObjectMapper().readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "Cannot read %s: no JSON at line %d, %s; fetch the file again"
              .formatted(file, e.getLocation().getLineNr(), e.getOriginalMessage()),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static void collect(JsonNode json, Map<String, String> byName, List<String> others) {
    for (String name : NAMES) {
      if (json.has(name)) {
        byName.remove(name);
        content(json.get(name)).ifPresent(token -> byName.put(name, token));
      }
    }
    JsonNode extra =
        json.hasNonNull("extra_special_tokens") && !json.get("extra_special_tokens").isEmpty()
            ? json.get("extra_special_tokens")
            : json.path("additional_special_tokens");
    extra.forEach(token -> content(token).ifPresent(others::add));
  }

  /** A token stands there as a string or as an object with its content. */
  private static Optional<String> content(JsonNode token) {
    return Optional.ofNullable((token.isObject() ? token.path("content") : token).textValue());
  }
}
