package org.sparklora.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import org.sparklora.model.checkpoint.ModelFamily.Trait;
import org.sparklora.model.engine.GateFunction;
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
  private static final Set<String> DTYPES = Set.of("float32", "bfloat16", "float16", "float64");

  // Limits at least ten times above any model's values: products of them fit a long, and lists fit
  // in memory, even without weights to compare the config with.
  static final int MAX_LAYERS = 10_000;
  private static final int MAX_HEADS = 1 << 16;
  private static final int MAX_HIDDEN = 1 << 20;
  static final int MAX_FEATURES = 1 << 24;
  private static final int MAX_VOCABULARY = 1 << 24;

  private final JsonNode json; // as the file says
  private final JsonFields fields; // completed by the family's defaults
  private final ModelFamily family;

  DecoderConfigReader(Path file) throws IOException {
    ObjectNode json = JsonFile.read(file);
    JsonFields given = JsonFields.of(file, json);
    String type = given.text("model_type").orElse("");
    String supported =
        json.has("text_config")
            ? "models with images are not supported; save the text model alone, with its text_config as config.json"
            : "supported are " + ModelFamily.names();
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
    boolean bias = family.reads("attention_bias") && fields.flag("attention_bias", false);
    boolean always = family.has(Trait.QUERY_KEY_VALUE_BIAS);
    int maxPositions = fields.positive("max_position_embeddings", Integer.MAX_VALUE);
    return new DecoderConfig(
        family,
        vocabSize,
        hiddenSize,
        fields.positive("intermediate_size", MAX_FEATURES),
        new DecoderConfig.Attention(
            new Heads(heads, keyValueHeads, headDim),
            always || bias,
            !always && bias,
            (float) (1 / Math.sqrt(scaledBy(headDim)))),
        new LayersReader(fields, family, maxPositions, headDim).read(),
        epsilon(),
        gate(),
        family.reads("mlp_bias") && fields.flag("mlp_bias", false),
        fields.flag("tie_word_embeddings", false),
        maxPositions,
        padTokenId(vocabSize),
        dtype());
  }

  /** The number whose inverse root scales the scores. */
  private double scaledBy(int headDim) {
    String key = "query_pre_attn_scalar";
    double value = family.reads(key) ? fields.number(key, headDim) : headDim;
    if (value <= 0) {
      throw fields.refusal(key, value, "must be positive; head_dim is the usual");
    }
    return value;
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
    if (fields.has("attention_dropout") && fields.number("attention_dropout", 0) != 0) {
      throw unsupported("attention_dropout", json.get("attention_dropout"), "only 0 is supported");
    }
    for (String key : List.of("attn_logit_softcapping", "final_logit_softcapping")) {
      if (json.hasNonNull(key)) {
        throw unsupported(key, json.get(key), "soft caps are not supported; only null is");
      }
    }
    if (fields.has("use_bidirectional_attention")
        && fields.flag("use_bidirectional_attention", false)) {
      throw unsupported("use_bidirectional_attention", true, "only false is supported");
    }
    String weights = fields.text(CheckpointFolder.WEIGHTS).orElse(CheckpointFolder.SINGLE_FILE);
    Path single = fields.file().resolveSibling(CheckpointFolder.SINGLE_FILE);
    boolean isIndex = weights.equals(CheckpointFolder.INDEX) && !Files.exists(single);
    if (!isIndex && !weights.equals(CheckpointFolder.SINGLE_FILE)) {
      throw unsupported(
          CheckpointFolder.WEIGHTS,
          weights,
          "only model.safetensors, or its index alone, is supported; convert the model with transformers' save_pretrained");
    }
    if (!fields.flag("is_causal", true)) { // transformers reads it of every family
      throw unsupported("is_causal", false, "only true is supported");
    }
    for (String key : List.of("num_experts", "num_local_experts")) {
      if (!family.reads("num_experts") && fields.whole(key, 0, Integer.MAX_VALUE).orElse(0) > 0) {
        throw unsupported(key, json.get(key), "of mixtures of experts only qwen3_moe is supported");
      }
    }
  }

  private GateFunction gate() {
    String key = family.reads("hidden_activation") ? "hidden_activation" : "hidden_act";
    String activation = fields.text(key).orElse("null");
    return switch (activation) {
      case "silu", "swish" -> GateFunction.SILU;
      case "gelu_pytorch_tanh", "gelu_new", "gelu_fast" -> GateFunction.GELU_TANH;
      default -> throw unsupported(key, activation, "supported are silu and gelu_pytorch_tanh");
    };
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

  private OptionalInt padTokenId(int vocabSize) {
    int last = json.has("pad_token_id") ? vocabSize - 1 : Integer.MAX_VALUE;
    OptionalInt id = fields.whole("pad_token_id", -1, last); // -1: the last row, as in PyTorch
    return id.isPresent() && id.getAsInt() < 0 ? OptionalInt.of(vocabSize - 1) : id;
  }

  private CheckpointException unsupported(String key, Object value, String remedy) {
    return new UnsupportedModelException(fields.refusal(key, value, remedy));
  }
}
