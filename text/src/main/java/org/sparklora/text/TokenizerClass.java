package org.sparklora.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.sparklora.text.json.JsonFields;
import org.sparklora.text.json.JsonFile;

/**
 * The class that {@code AutoTokenizer} of transformers 5.24 chooses for a checkpoint, and the
 * components of {@code tokenizer.json} that the class replaces.
 */
enum TokenizerClass {
  /** TokenizersBackend: keeps every component of the file. */
  FILE(Map.of(), "{}"),

  /** GPT2Tokenizer: no normaliser, and GPT-2's pattern alone. */
  GPT2(
      named("bos_token", "eos_token", "unk_token"),
      """
      {"decoder": {"type": "ByteLevel"},
       "normalizer": null,
       "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": %s, "trim_offsets": true, "use_regex": true}}
      """),

  /** Qwen2Tokenizer: NFC, and Qwen's pattern. */
  QWEN2(
      named("eos_token", "unk_token", "pad_token"),
      """
      {"decoder": {"type": "ByteLevel"},
       "normalizer": {"type": "NFC"},
       "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
         {"type": "Split", "behavior": "Isolated", "invert": false, "pattern": {"Regex":
           "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"}},
         {"type": "ByteLevel", "add_prefix_space": %s, "trim_offsets": true, "use_regex": false}]}}
      """),

  /** GemmaTokenizer: byte fallback, and spaces spelled as U+2581. */
  GEMMA(
      Map.of(
          "unk_token", "<unk>",
          "bos_token", "<bos>",
          "eos_token", "<eos>",
          "pad_token", "<pad>",
          "mask_token", "<mask>"),
      """
      {"decoder": {"type": "Sequence", "decoders": [
         {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
         {"type": "ByteFallback"}, {"type": "Fuse"}]},
       "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
       "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious"}}
      """);

  private static final String KEY = "tokenizer_class";

  /** Model types whose tokenizers AutoTokenizer reads as the file, whatever class they name. */
  private static final Set<String> ALWAYS_THE_FILE = Set.of("mistral", "olmo3");

  /** The class's special tokens, for a checkpoint that does not name them. */
  final Map<String, String> defaults;

  private final String components;

  TokenizerClass(Map<String, String> defaults, String components) {
    this.defaults = defaults;
    this.components = components;
  }

  private static Map<String, String> named(String... names) {
    return Arrays.stream(names).collect(Collectors.toMap(name -> name, name -> "<|endoftext|>"));
  }

  /**
   * The class of a checkpoint.
   *
   * @param tokenizer tokenizer.json
   * @param tokenizerConfig tokenizer_config.json
   * @param config config.json, which has {@code model_type}
   * @throws org.sparklora.text.json.CheckpointException if the class is not supported
   */
  static TokenizerClass of(JsonNode tokenizer, JsonFields tokenizerConfig, JsonFields config) {
    if (tokenizerConfig.has("auto_map")) {
      throw tokenizerConfig.refusal(
          "auto_map",
          tokenizerConfig.json().get("auto_map"),
          "code of a checkpoint is never run; read the file with --tokenizer_dialect file");
    }
    JsonFields place = tokenizerConfig.has(KEY) ? tokenizerConfig : config;
    String name = place.text(KEY).orElse("").replaceFirst("Fast$", "");
    String modelType = config.text("model_type").orElse("");
    if (ALWAYS_THE_FILE.contains(modelType)) {
      return FILE;
    }
    if (modelType.equals("qwen2") && !name.equals("GemmaTokenizer")) {
      return QWEN2; // whatever class it names
    }
    // AutoTokenizer looks for the word anywhere in the file, too
    if (name.equals("LlamaTokenizer") && tokenizer.toString().contains("\"ByteLevel\"")) {
      return FILE; // Llama 3's files name the class of Llama 2
    }
    return switch (name) {
      case "" ->
          switch (modelType) {
            case "gemma3_text" -> GEMMA;
            case "qwen3", "qwen3_moe" -> QWEN2;
            default -> FILE;
          };
      case "TokenizersBackend", "PreTrainedTokenizer", "PythonBackend", "BloomTokenizer" -> FILE;
      case "GPT2Tokenizer" -> GPT2;
      case "Qwen2Tokenizer" -> QWEN2;
      case "GemmaTokenizer" -> GEMMA;
      default ->
          throw place.refusal(
              KEY,
              place.json().get(KEY),
              "how AutoTokenizer rebuilds this class is not known here; read the file with --tokenizer_dialect file");
    };
  }

  /**
   * Replaces the file's components by the class's own.
   *
   * @param addPrefixSpace {@code add_prefix_space} of tokenizer_config.json
   */
  void replaceComponents(ObjectNode tokenizer, boolean addPrefixSpace) throws IOException {
    if (this != FILE && tokenizer.path("model") instanceof ObjectNode model) {
      model.retain(List.of("type", "vocab", "merges")); // drops unk_token, ignore_merges …
      if (this == GEMMA) {
        model.put("byte_fallback", true).put("fuse_unk", true).put("unk_token", "<unk>");
      }
    }
    String json = String.format(Locale.ROOT, components, addPrefixSpace);
    tokenizer.setAll(JsonFile.parse(json.getBytes(StandardCharsets.UTF_8), name()));
  }
}
