package org.sparklora.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.sparklora.text.json.JsonFile;

/**
 * The supported kinds of decoder, by the {@code model_type} of {@code config.json}, and their
 * differences: traits, and the defaults of transformers' configuration classes (5.24.0) for keys
 * that the file leaves out.
 */
public enum ModelFamily {
  LLAMA(
      Set.of(),
      """
      {"rope_theta": 10000, "max_position_embeddings": 2048, "hidden_act": "silu",
       "attention_bias": false, "mlp_bias": false}"""),
  MISTRAL(
      Set.of(Trait.WINDOW_IN_ALL_LAYERS),
      """
      {"rope_theta": 10000, "max_position_embeddings": 131072, "num_key_value_heads": 8,
       "sliding_window": 4096, "hidden_act": "silu"}"""),
  QWEN2(
      Set.of(Trait.QUERY_KEY_VALUE_BIAS, Trait.WINDOW_IF_SAID),
      """
      {"rope_theta": 10000, "max_position_embeddings": 32768, "num_key_value_heads": 32,
       "sliding_window": 4096, "max_window_layers": 28, "hidden_act": "silu"}"""),
  QWEN3(
      Set.of(Trait.NORM_OF_EACH_HEAD, Trait.WINDOW_IF_SAID),
      """
      {"rope_theta": 10000, "max_position_embeddings": 32768, "num_key_value_heads": 32,
       "head_dim": 128, "sliding_window": 4096, "max_window_layers": 28, "hidden_act": "silu",
       "attention_bias": false}"""),
  QWEN3_MOE(
      Set.of(Trait.NORM_OF_EACH_HEAD, Trait.WINDOW_IF_SAID, Trait.WINDOW_IN_ALL_LAYERS),
      """
      {"rope_theta": 10000, "max_position_embeddings": 32768, "num_key_value_heads": 4,
       "intermediate_size": 6144, "moe_intermediate_size": 768, "num_experts": 128,
       "num_experts_per_tok": 8, "decoder_sparse_step": 1, "router_aux_loss_coef": 0.001,
       "sliding_window": 4096, "hidden_act": "silu", "attention_bias": false}"""),
  SMOLLM3(
      Set.of(Trait.WINDOW_IF_SAID),
      """
      {"rope_theta": 2000000, "max_position_embeddings": 32768, "num_key_value_heads": 4,
       "no_rope_layer_interval": 4, "tie_word_embeddings": true, "pad_token_id": 128004,
       "hidden_act": "silu", "attention_bias": false, "mlp_bias": false}"""),
  GEMMA3_TEXT(
      Set.of(
          Trait.NORM_AFTER,
          Trait.NORM_OF_EACH_HEAD,
          Trait.NORM_BY_ONE_PLUS_WEIGHT,
          Trait.SCALED_EMBEDDING,
          Trait.WINDOW_BY_PATTERN),
      """
      {"rope_theta": 1000000, "rope_local_base_freq": 10000, "max_position_embeddings": 131072,
       "num_key_value_heads": 4, "head_dim": 256, "query_pre_attn_scalar": 256,
       "sliding_window": 4096, "sliding_window_pattern": 6, "tie_word_embeddings": true,
       "pad_token_id": 0, "hidden_activation": "gelu_pytorch_tanh", "attention_bias": false}"""),
  OLMO3(
      Set.of(
          Trait.NORM_AFTER,
          Trait.NO_NORM_BEFORE,
          Trait.NORM_OF_PROJECTION,
          Trait.WINDOW_BY_PATTERN),
      """
      {"rope_theta": 500000, "rope_local_base_freq": 500000, "max_position_embeddings": 2048,
       "sliding_window": 4096, "rms_norm_eps": 1e-5, "pad_token_id": 1, "hidden_act": "silu",
       "attention_bias": false}""");

  /** A feature of some families. */
  enum Trait {
    /** q, k and v always have a bias and o never; else all or none. */
    QUERY_KEY_VALUE_BIAS,
    /** Blocks have norms after attention and feed-forward. */
    NORM_AFTER,
    /** Blocks have no norms before attention and feed-forward. */
    NO_NORM_BEFORE,
    /** Each head of q and k is normalised. */
    NORM_OF_EACH_HEAD,
    /** All heads of q, and all of k, are normalised together. */
    NORM_OF_PROJECTION,
    /** Norms multiply by 1 + weight. */
    NORM_BY_ONE_PLUS_WEIGHT,
    /** Embeddings are multiplied by √C. */
    SCALED_EMBEDDING,
    /** All layers attend over a sliding window if sliding_window is a number in use. */
    WINDOW_IN_ALL_LAYERS,
    /**
     * Layers attend over a window only with use_sliding_window: all layers with
     * WINDOW_IN_ALL_LAYERS, else those that layer_types names, else the layers without rotation if
     * the family has such layers, else the layers from max_window_layers on.
     */
    WINDOW_IF_SAID,
    /**
     * The layers that layer_types names, else all but each sliding_window_pattern-th, attend over a
     * window. These layers have a rotary base of their own, and no rope_scaling.
     */
    WINDOW_BY_PATTERN
  }

  /** A place in a decoder block where some families have a norm. */
  public enum NormPlace {
    BEFORE_ATTENTION,
    AFTER_ATTENTION,
    BEFORE_FEED_FORWARD,
    AFTER_FEED_FORWARD
  }

  private final Set<Trait> traits;
  private final String defaults;

  ModelFamily(Set<Trait> traits, String defaults) {
    this.traits = traits;
    this.defaults = defaults;
  }

  /** The family of a {@code model_type}, if it is supported. */
  static Optional<ModelFamily> of(String modelType) {
    return Arrays.stream(values()).filter(f -> f.modelType().equals(modelType)).findFirst();
  }

  /** The names of all families, for messages. */
  static String names() {
    return Arrays.stream(values()).map(ModelFamily::modelType).collect(Collectors.joining(", "));
  }

  private String modelType() {
    return name().toLowerCase(Locale.ROOT);
  }

  boolean has(Trait trait) {
    return traits.contains(trait);
  }

  /** The module name of a block's norm, if the family has this norm. */
  Optional<String> normName(NormPlace place) {
    boolean before = !has(Trait.NO_NORM_BEFORE);
    boolean after = has(Trait.NORM_AFTER);
    String second = after ? "pre_feedforward_layernorm" : "post_attention_layernorm";
    return switch (place) {
      case BEFORE_ATTENTION -> Optional.of("input_layernorm").filter(name -> before);
      case AFTER_ATTENTION -> Optional.of("post_attention_layernorm").filter(name -> after);
      case BEFORE_FEED_FORWARD -> Optional.of(second).filter(name -> before);
      case AFTER_FEED_FORWARD -> Optional.of("post_feedforward_layernorm").filter(name -> after);
    };
  }

  /** Whether a key has a default in the family, and so a meaning. */
  boolean reads(String key) {
    return defaults.contains('"' + key + '"');
  }

  /** The config with the family's defaults for absent keys; keys with null are kept. */
  ObjectNode completed(ObjectNode config) throws IOException {
    ObjectNode all = JsonFile.parse(defaults.getBytes(StandardCharsets.UTF_8), name());
    return all.setAll(config);
  }
}
