package org.sparklora.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.sparklora.text.json.JsonFields;

/**
 * The class that {@code AutoTokenizer} of transformers 5.24 chooses for a checkpoint, and which
 * components of {@code tokenizer.json} it replaces by its own.
 */
enum TokenizerClass {
  /** TokenizersBackend: everything as the file says. */
  FILE(Map.of()),

  /** GPT2Tokenizer: no normaliser, and GPT-2's pattern alone. */
  GPT2(named("bos_token", "eos_token", "unk_token")),

  /** Qwen2Tokenizer: NFC, and Qwen's pattern. */
  QWEN2(named("eos_token", "unk_token", "pad_token"));

  private static final String KEY = "tokenizer_class";
  private static final String QWEN_PATTERN =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  /** Names, without a final Fast, of the class that leaves the file as it is. */
  private static final Set<String> AS_THE_FILE =
      Set.of("TokenizersBackend", "PreTrainedTokenizer", "PythonBackend", "BloomTokenizer");

  private final Map<String, String> defaults;

  TokenizerClass(Map<String, String> defaults) {
    this.defaults = defaults;
  }

  private static Map<String, String> named(String... names) {
    return Arrays.stream(names).collect(Collectors.toMap(name -> name, name -> "<|endoftext|>"));
  }

  /** The special tokens that a checkpoint has which does not name them. */
  Map<String, String> defaultTokens() {
    return defaults;
  }

  /**
   * The class of a checkpoint.
   *
   * @param tokenizer tokenizer.json
   * @param tokenizerConfig tokenizer_config.json
   * @param config config.json, which has the model's type
   * @throws org.sparklora.text.json.CheckpointException if it is one that is not known here
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
    boolean qwen2 = modelType.equals("qwen2");
    if (name.isEmpty()) {
      return qwen2 || modelType.equals("qwen3") ? QWEN2 : FILE;
    }
    if (name.equals("LlamaTokenizer") && !qwen2 && hasByteLevel(tokenizer)) {
      return FILE; // Llama 3's files name the class of Llama 2
    }
    if (qwen2 || name.equals("Qwen2Tokenizer")) {
      return QWEN2; // for a qwen2, whatever class it names
    }
    if (name.equals("GPT2Tokenizer")) {
      return GPT2;
    }
    if (AS_THE_FILE.contains(name)) {
      return FILE;
    }
    throw place.refusal(
        KEY,
        place.json().get(KEY),
        "how AutoTokenizer rebuilds this class is not known here; read the file with --tokenizer_dialect file");
  }

  /** AutoTokenizer looks for the word anywhere in the file, too. */
  private static boolean hasByteLevel(JsonNode tokenizer) {
    return tokenizer.toString().contains("\"ByteLevel\"");
  }

  /**
   * Puts the class's own components in place of the file's.
   *
   * @param addPrefixSpace {@code add_prefix_space} of tokenizer_config.json
   */
  void replaceComponents(ObjectNode tokenizer, boolean addPrefixSpace) {
    if (this == FILE) {
      return;
    }
    JsonNodeFactory json = JsonNodeFactory.instance;
    if (tokenizer.path("model") instanceof ObjectNode model) {
      model.retain(List.of("type", "vocab", "merges")); // unknown bytes vanish, nothing is whole
    }
    tokenizer.set("decoder", json.objectNode().put("type", "ByteLevel"));
    if (this == GPT2) {
      tokenizer.putNull("normalizer");
      tokenizer.set("pre_tokenizer", byteLevel(addPrefixSpace, true));
      return;
    }
    tokenizer.set("normalizer", json.objectNode().put("type", "NFC"));
    ObjectNode split = json.objectNode().put("type", "Split").put("behavior", "Isolated");
    split.put("invert", false).putObject("pattern").put("Regex", QWEN_PATTERN);
    ArrayNode steps = json.arrayNode().add(split).add(byteLevel(addPrefixSpace, false));
    ObjectNode sequence = json.objectNode().put("type", "Sequence");
    sequence.set("pretokenizers", steps);
    tokenizer.set("pre_tokenizer", sequence);
  }

  private static ObjectNode byteLevel(boolean addPrefixSpace, boolean useRegex) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("type", "ByteLevel")
        .put("add_prefix_space", addPrefixSpace)
        .put("trim_offsets", true)
        .put("use_regex", useRegex);
  }
}
