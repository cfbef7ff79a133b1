package org.sparklora.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.sparklora.model.checkpoint.ModelFamily.Trait;
import org.sparklora.model.engine.Heads;
import org.sparklora.text.json.CheckpointException;
import org.sparklora.text.json.JsonFields;
import org.sparklora.text.json.JsonFile;
import org.sparklora.text.json.UnsupportedModelException;

/**
 * Reads {@code config.json}. Refuses a setting that the decoder cannot compute, by key and value: a
 * model that loads and computes something slightly different is worse than one that does not load.
 */
final class DecoderConfigReader {
  private static final Set<String> SILU = Set.of("silu", "swish");
  private static final Set<String> DTYPES = Set.of("float32", "bfloat16", "float16", "float64");

  // Limits at least ten times above any model's values: products of them fit a long, and lists fit
  // in memory, even without weights to compare the config with.
  private static final int MAX_LAYERS = 10_000;
  private static final int MAX_HEADS = 1 << 16;
  private static final int MAX_HIDDEN = 1 << 20;
  private static final int MAX_FEATURES = 1 << 24;
  private static final int MAX_VOCABULARY = 1 << 24;

  private final JsonNode json; // as the file says
  private final JsonFields fields; // completed by the family's defaults
  private final ModelFamily family;

  DecoderConfigReader(Path file) throws IOException {
    ObjectNode json = JsonFile.read(file);
    JsonFields given = JsonFields.of(file, json);
    String type = given.text("model_type").orElse("");
    String supported = "supported are " + ModelFamily.names();
    this.json = json;
    this.family =
        ModelFamily.of(type)
            .orElseThrow(
                () -> new UnsupportedModelException(given.refusal("model_type", type, supported)));
    this.fields = JsonFields.of(file, family.completed(json));
  }

  DecoderConfig read() {
    refuseUnsupported();
    int hiddenSize = fields.positive("hidden_size", MAX_HIDDEN);
    int layers = layers();
    int heads = fields.positive("num_attention_heads", MAX_HEADS);
    int keyValueHeads = fields.whole("num_key_value_heads", 1, MAX_HEADS).orElse(heads);
    int headDim = headDim(hiddenSize, heads);
    if (heads % keyValueHeads != 0) {
      throw fields.refusal(
          "num_key_value_heads", keyValueHeads, "must divide num_attention_heads = " + heads);
    }
    if (headDim % 2 != 0) {
      throw fields.refusal("head_dim", headDim, "rotary embedding needs an even head size");
    }
    if ((long) heads * headDim > MAX_FEATURES) {
      throw fields.refusal(
          "num_attention_heads",
          heads,
          String.format(
              Locale.ROOT, "times head_dim = %,d it may be at most %,d", headDim, MAX_FEATURES));
    }
    int vocabSize = fields.positive("vocab_size", MAX_VOCABULARY);
    boolean bias = fields.flag("attention_bias", false);
    boolean always = family.has(Trait.QUERY_KEY_VALUE_BIAS);
    return new DecoderConfig(
        family,
        vocabSize,
        hiddenSize,
        fields.positive("intermediate_size", MAX_FEATURES),
        layers,
        new DecoderConfig.Attention(
            new Heads(heads, keyValueHeads, headDim),
            always || bias,
            !always && bias,
            family.has(Trait.QUERY_KEY_NORM)),
        new DecoderConfig.Rope(ropeTheta(), ropeScaling(), ropeLayers(layers)),
        epsilon(),
        family.has(Trait.FEED_FORWARD_BIAS) && fields.flag("mlp_bias", false),
        fields.flag("tie_word_embeddings", false),
        maxPositions(),
        padTokenId(vocabSize),
        dtype());
  }

  private int layers() {
    return fields.positive("num_hidden_layers", MAX_LAYERS);
  }

  private float epsilon() {
    double epsilon = fields.number("rms_norm_eps", 1e-6);
    if (epsilon < 0 || epsilon > 1) {
      throw fields.refusal(
          "rms_norm_eps", epsilon, "must be small and not negative; 1e-6 is the usual");
    }
    return (float) epsilon;
  }

  private String dtype() {
    String key = fields.has("dtype") ? "dtype" : "torch_dtype";
    String dtype = fields.text(key).orElse("float32");
    if (!DTYPES.contains(dtype)) {
      throw fields.refusal(key, dtype, "supported are float32, bfloat16 and float16");
    }
    return dtype;
  }

  private void refuseUnsupported() {
    if (json.hasNonNull("quantization_config")) {
      throw unsupported(
          "quantization_config",
          json.get("quantization_config").path("quant_method").asText("given"),
          "quantized checkpoints are not supported; use the float32 or bfloat16 checkpoint");
    }
    String activation = json.has("hidden_act") ? fields.text("hidden_act").orElse("null") : "silu";
    if (!SILU.contains(activation)) {
      throw unsupported("hidden_act", activation, "only silu is supported");
    }
    if (fields.has("attention_dropout") && fields.number("attention_dropout", 0) != 0) {
      throw unsupported("attention_dropout", json.get("attention_dropout"), "only 0 is supported");
    }
    for (String key : List.of("num_experts", "num_local_experts")) {
      if (fields.whole(key, 0, Integer.MAX_VALUE).orElse(0) > 0) {
        throw unsupported(key, json.get(key), "mixtures of experts are not supported");
      }
    }
    refuseSlidingWindows();
  }

  private void refuseSlidingWindows() {
    if (!family.has(Trait.SLIDING_WINDOWS)) {
      return;
    }
    // SmolLM3 follows layer_types whatever use_sliding_window says
    for (String type : fields.texts("layer_types")) {
      if (!type.equals("full_attention")) {
        throw unsupported(
            "layer_types",
            type,
            "only full_attention is supported; give a model without sliding windows");
      }
    }
    boolean reaches =
        family.has(Trait.UNROTATED_LAYERS)
            ? ropeLayers(layers()).contains(false)
            : firstWindowLayer() < layers();
    boolean uses =
        fields.flag("use_sliding_window", false)
            && fields.whole("sliding_window", 0, Integer.MAX_VALUE).orElse(0) > 0;
    if (uses && reaches && !fields.has("layer_types")) {
      throw unsupported(
          "use_sliding_window",
          true,
          "attention over a sliding window is not supported; set it to false to attend to everything");
    }
  }

  private int firstWindowLayer() {
    return fields
        .whole("max_window_layers", 0, Integer.MAX_VALUE)
        .orElseThrow(() -> fields.missing("max_window_layers"));
  }

  private int headDim(int hiddenSize, int heads) {
    if (fields.has("head_dim")) {
      return fields.positive("head_dim", MAX_HEADS);
    }
    if (hiddenSize % heads != 0) {
      throw fields.refusal(
          "hidden_size", hiddenSize, "must be a multiple of num_attention_heads = " + heads);
    }
    return hiddenSize / heads;
  }

  private List<Boolean> ropeLayers(int layers) {
    if (!family.has(Trait.UNROTATED_LAYERS)) {
      return Collections.nCopies(layers, true);
    }
    List<Boolean> rotated = new ArrayList<>(layers);
    if (fields.has("no_rope_layers")) { // despite its name, 1 means that the layer has RoPE
      List<Integer> listed = fields.wholes("no_rope_layers", 0, 1);
      if (listed.size() < layers) {
        throw fields.refusal(
            "no_rope_layers",
            listed,
            "must have an entry for each of the %s layers".formatted(layers));
      }
      listed.subList(0, layers).forEach(rope -> rotated.add(rope == 1));
      return rotated;
    }
    int interval = fields.positive("no_rope_layer_interval", Integer.MAX_VALUE);
    for (int layer = 0; layer < layers; layer++) {
      rotated.add((layer + 1) % interval != 0);
    }
    return rotated;
  }

  /**
   * transformers 5 writes {@code rope_parameters}, transformers 4 {@code rope_theta} and {@code
   * rope_scaling}; of a file with both, transformers takes {@code rope_scaling}.
   */
  private JsonFields rope() {
    JsonFields older = fields.child("rope_scaling");
    JsonFields newer = fields.child("rope_parameters");
    JsonFields rope = older.json().isEmpty() ? newer : older;
    for (Map.Entry<String, JsonNode> entry : rope.json().properties()) {
      if (entry.getValue().isObject()) {
        throw fields.refusal(
            rope.name(),
            entry.getKey(),
            "parameters for each kind of layer are not supported; give one set for all");
      }
    }
    return rope;
  }

  private double ropeTheta() {
    JsonFields place = rope().json().has("rope_theta") ? rope() : fields;
    double value = place.number("rope_theta", Double.NaN);
    if (!(value > 0)) {
      throw place.refusal("rope_theta", value, "must be positive");
    }
    return value;
  }

  private RopeScaling ropeScaling() {
    JsonFields rope = rope();
    for (JsonFields place : List.of(rope, fields)) {
      if (place.has("partial_rotary_factor") && place.number("partial_rotary_factor", 1) != 1) {
        throw place.refusal(
            "partial_rotary_factor",
            place.json().get("partial_rotary_factor"),
            "only 1 is supported");
      }
    }
    String key = rope.json().has("rope_type") ? "rope_type" : "type";
    String type = rope.json().has(key) ? rope.text(key).orElse("null") : "default";
    return switch (type) {
      case "default" -> new RopeScaling.None();
      case "linear" -> new RopeScaling.Linear(required(rope, "factor"));
      case "llama3" -> llama3(rope);
      default ->
          throw new UnsupportedModelException(
              rope.refusal(key, type, "supported are default, linear and llama3"));
    };
  }

  private RopeScaling llama3(JsonFields rope) {
    double factor = required(rope, "factor");
    double low = required(rope, "low_freq_factor");
    double high = required(rope, "high_freq_factor");
    if (high <= low) {
      throw rope.refusal("high_freq_factor", high, "must be larger than low_freq_factor = " + low);
    }
    return new RopeScaling.Llama3(factor, low, high, originalPositions(rope));
  }

  private int originalPositions(JsonFields rope) {
    String key = "original_max_position_embeddings";
    JsonFields place = fields.has(key) ? fields : rope;
    return place.whole(key, 1, Integer.MAX_VALUE).orElseGet(this::maxPositions);
  }

  private double required(JsonFields rope, String key) {
    double value = rope.number(key, Double.NaN);
    if (!(value > 0)) {
      throw rope.refusal(
          key, rope.json().path(key), "the rope %s must be a positive number".formatted(key));
    }
    return value;
  }

  private int maxPositions() {
    return fields.positive("max_position_embeddings", Integer.MAX_VALUE);
  }

  private OptionalInt padTokenId(int vocabSize) {
    int last = json.has("pad_token_id") ? vocabSize - 1 : Integer.MAX_VALUE;
    OptionalInt id = fields.whole("pad_token_id", -1, last); // Llama's first file has -1
    return id.isPresent() && id.getAsInt() < 0 ? OptionalInt.empty() : id;
  }

  private CheckpointException unsupported(String key, Object value, String remedy) {
    return new UnsupportedModelException(fields.refusal(key, value, remedy));
  }
}
