package org.sparklora.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Reads {@code config.json}. What the decoder cannot compute is refused by key and value: a model
 * that loads and computes something slightly different is worse than one that does not load.
 */
final class DecoderConfigReader {
  private static final Set<String> MODEL_TYPES = Set.of("llama", "qwen2", "qwen3", "smollm3");
  private static final Set<String> SILU = Set.of("silu", "swish");

  private final Path file;
  private final JsonNode json;
  private final String modelType;

  DecoderConfigReader(Path file) throws IOException {
    this.file = file;
    this.json = JsonFile.read(file);
    this.modelType = text("model_type", "");
  }

  DecoderConfig read() {
    refuseUnsupported();
    int hiddenSize = positive("hidden_size");
    int layers = positive("num_hidden_layers");
    int heads = positive("num_attention_heads");
    int keyValueHeads = keyValueHeads(heads);
    int headDim = headDim(hiddenSize, heads);
    if (heads % keyValueHeads != 0) {
      throw refusal(
          "num_key_value_heads", keyValueHeads, "must divide num_attention_heads = " + heads);
    }
    if (headDim % 2 != 0) {
      throw refusal("head_dim", headDim, "rotary embedding needs an even head size");
    }
    boolean attentionBias = flag("attention_bias", false);
    return new DecoderConfig(
        modelType,
        positive("vocab_size"),
        hiddenSize,
        positive("intermediate_size"),
        layers,
        heads,
        keyValueHeads,
        headDim,
        (float) number("rms_norm_eps", json.path("rms_norm_eps"), 1e-6),
        ropeTheta(),
        ropeScaling(),
        ropeLayers(layers),
        modelType.equals("qwen2") || attentionBias,
        !modelType.equals("qwen2") && attentionBias,
        hasMlpBiasKey() && flag("mlp_bias", false),
        modelType.equals("qwen3"),
        flag("tie_word_embeddings", modelType.equals("smollm3")),
        maxPositions(),
        padTokenId(),
        text("dtype", text("torch_dtype", "float32")));
  }

  private void refuseUnsupported() {
    if (!MODEL_TYPES.contains(modelType)) {
      throw refusal("model_type", modelType, "supported are llama, qwen2, qwen3 and smollm3");
    }
    if (json.hasNonNull("quantization_config")) {
      throw refusal(
          "quantization_config",
          json.get("quantization_config").path("quant_method").asText("given"),
          "quantized checkpoints are not supported; use the float32 or bfloat16 checkpoint");
    }
    String activation = text("hidden_act", "silu");
    if (!SILU.contains(activation)) {
      throw refusal("hidden_act", activation, "only silu is supported");
    }
    if (number("attention_dropout", json.path("attention_dropout"), 0) != 0) {
      throw refusal("attention_dropout", json.get("attention_dropout"), "only 0 is supported");
    }
    for (String key : List.of("num_experts", "num_local_experts")) {
      if (json.path(key).asInt(0) > 0) {
        throw refusal(key, json.get(key), "mixtures of experts are not supported");
      }
    }
    refuseSlidingWindows();
  }

  private void refuseSlidingWindows() {
    if (modelType.equals("llama")) {
      return; // transformers' Llama has no windows either
    }
    JsonNode layerTypes = json.path("layer_types");
    for (JsonNode type : layerTypes) { // SmolLM3 follows them whatever use_sliding_window says
      if (!type.asText().equals("full_attention")) {
        throw refusal(
            "layer_types",
            type.asText(),
            "only full_attention is supported; give a model without sliding windows");
      }
    }
    int first = json.path("max_window_layers").asInt(28);
    boolean reaches =
        modelType.equals("smollm3")
            ? ropeLayers(positive("num_hidden_layers")).contains(false)
            : first < positive("num_hidden_layers");
    if (flag("use_sliding_window", false)
        && slidingWindow() > 0
        && reaches
        && !layerTypes.isArray()) {
      throw refusal(
          "use_sliding_window",
          true,
          "attention over a sliding window is not supported; set it to false to attend to everything");
    }
  }

  /** Tokens that a window holds; 0 where null says that there is none. */
  private int slidingWindow() {
    JsonNode node = json.path("sliding_window");
    return node.isMissingNode() && !modelType.equals("smollm3")
        ? 4096 // the default of Qwen2Config and Qwen3Config
        : node.asInt(0);
  }

  private int keyValueHeads(int heads) {
    JsonNode node = json.path("num_key_value_heads");
    if (node.isMissingNode()) { // transformers' defaults differ by type
      return switch (modelType) {
        case "qwen2", "qwen3" -> 32;
        case "smollm3" -> 4;
        default -> heads;
      };
    }
    return node.isNull() ? heads : positive("num_key_value_heads");
  }

  private int headDim(int hiddenSize, int heads) {
    if (json.hasNonNull("head_dim")) {
      return positive("head_dim");
    }
    if (modelType.equals("qwen3") && !json.has("head_dim")) {
      return 128; // Qwen3Config's default
    }
    if (hiddenSize % heads != 0) {
      throw refusal(
          "hidden_size", hiddenSize, "must be a multiple of num_attention_heads = " + heads);
    }
    return hiddenSize / heads;
  }

  private List<Boolean> ropeLayers(int layers) {
    if (!modelType.equals("smollm3")) {
      return Collections.nCopies(layers, true);
    }
    JsonNode listed = json.path("no_rope_layers");
    List<Boolean> rotated = new ArrayList<>(layers);
    if (listed.isArray()) { // despite its name, 1 means that the layer has RoPE
      if (listed.size() < layers) {
        throw refusal(
            "no_rope_layers",
            listed,
            "must have an entry for each of the %d layers".formatted(layers));
      }
      for (int layer = 0; layer < layers; layer++) {
        rotated.add(listed.get(layer).asInt() != 0);
      }
      return rotated;
    }
    int interval =
        json.hasNonNull("no_rope_layer_interval") ? positive("no_rope_layer_interval") : 4;
    for (int layer = 0; layer < layers; layer++) {
      rotated.add((layer + 1) % interval != 0);
    }
    return rotated;
  }

  /**
   * transformers 5 writes {@code rope_parameters}, transformers 4 {@code rope_theta} and {@code
   * rope_scaling}; of a file with both, transformers takes {@code rope_scaling}.
   */
  private JsonNode rope() {
    JsonNode older = json.path("rope_scaling");
    JsonNode rope = older.isEmpty() ? json.path("rope_parameters") : older;
    for (Map.Entry<String, JsonNode> entry : rope.properties()) {
      if (entry.getValue().isObject()) {
        throw refusal(
            "rope_parameters",
            entry.getKey(),
            "parameters for each kind of layer are not supported; give one set for all");
      }
    }
    return rope;
  }

  private double ropeTheta() {
    double byDefault = modelType.equals("smollm3") ? 2_000_000 : 10_000;
    JsonNode theta =
        rope().hasNonNull("rope_theta") ? rope().get("rope_theta") : json.path("rope_theta");
    double value = number("rope_theta", theta, byDefault);
    if (!(value > 0)) {
      throw refusal("rope_theta", value, "must be positive");
    }
    return value;
  }

  private RopeScaling ropeScaling() {
    JsonNode rope = rope();
    for (JsonNode factor :
        List.of(rope.path("partial_rotary_factor"), json.path("partial_rotary_factor"))) {
      if (number("partial_rotary_factor", factor, 1) != 1) {
        throw refusal("partial_rotary_factor", factor, "only 1 is supported");
      }
    }
    String type = rope.path("rope_type").asText(rope.path("type").asText("default"));
    return switch (type) {
      case "default" -> new RopeScaling.None();
      case "linear" -> new RopeScaling.Linear(required(rope, "factor"));
      case "llama3" ->
          new RopeScaling.Llama3(
              required(rope, "factor"),
              required(rope, "low_freq_factor"),
              required(rope, "high_freq_factor"),
              originalPositions(rope));
      default -> throw refusal("rope_type", type, "supported are default, linear and llama3");
    };
  }

  private int originalPositions(JsonNode rope) {
    for (JsonNode place : List.of(json, rope)) {
      if (place.hasNonNull("original_max_position_embeddings")) {
        return place.get("original_max_position_embeddings").asInt();
      }
    }
    return maxPositions();
  }

  private double required(JsonNode rope, String key) {
    double value = number(key, rope.path(key), Double.NaN);
    if (!(value > 0)) {
      throw refusal("rope " + key, rope.path(key), "must be a positive number");
    }
    return value;
  }

  private int maxPositions() {
    if (json.hasNonNull("max_position_embeddings")) {
      return positive("max_position_embeddings");
    }
    return modelType.equals("llama") ? 2048 : 32_768; // transformers' defaults
  }

  private boolean hasMlpBiasKey() {
    return modelType.equals("llama") || modelType.equals("smollm3");
  }

  private OptionalInt padTokenId() {
    JsonNode node = json.path("pad_token_id");
    if (node.isMissingNode() && modelType.equals("smollm3")) {
      return OptionalInt.of(128_004); // SmolLM3Config's default
    }
    return node.isInt() && node.asInt() >= 0 ? OptionalInt.of(node.asInt()) : OptionalInt.empty();
  }

  private int positive(String key) {
    JsonNode node = json.path(key);
    if (node.isMissingNode() || node.isNull()) {
      throw new CheckpointException(
          "Cannot use %s: %s is missing; copy the file of the checkpoint again"
              .formatted(file, key));
    }
    if (!node.isIntegralNumber() || !node.canConvertToInt() || node.asInt() < 1) {
      throw refusal(key, node, "must be a positive whole number");
    }
    return node.asInt();
  }

  private boolean flag(String key, boolean byDefault) {
    JsonNode node = json.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return byDefault;
    }
    if (!node.isBoolean()) {
      throw refusal(key, node, "must be true or false");
    }
    return node.asBoolean();
  }

  private double number(String key, JsonNode node, double byDefault) {
    if (node.isMissingNode() || node.isNull()) {
      return byDefault;
    }
    if (!node.isNumber()) {
      throw refusal(key, node, "must be a number");
    }
    return node.asDouble();
  }

  private String text(String key, String byDefault) {
    return json.path(key).asText(byDefault);
  }

  private CheckpointException refusal(String key, Object value, String remedy) {
    return new CheckpointException(
        "Cannot use %s = %s (%s): %s".formatted(key, value, file, remedy));
  }
}
