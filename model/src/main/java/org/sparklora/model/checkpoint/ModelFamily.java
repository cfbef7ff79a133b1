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
 * differences: which keys have a meaning, and the defaults of transformers' configuration classes
 * (5.24.0) for keys that the file leaves out.
 */
public enum ModelFamily {
  LLAMA(
      Set.of(Trait.FEED_FORWARD_BIAS),
      """
      {"rope_theta": 10000, "max_position_embeddings": 2048}"""),
  QWEN2(
      Set.of(Trait.QUERY_KEY_VALUE_BIAS, Trait.SLIDING_WINDOWS),
      """
      {"rope_theta": 10000, "max_position_embeddings": 32768, "num_key_value_heads": 32,
       "sliding_window": 4096, "max_window_layers": 28}"""),
  QWEN3(
      Set.of(Trait.QUERY_KEY_NORM, Trait.SLIDING_WINDOWS),
      """
      {"rope_theta": 10000, "max_position_embeddings": 32768, "num_key_value_heads": 32,
       "head_dim": 128, "sliding_window": 4096, "max_window_layers": 28}"""),
  SMOLLM3(
      Set.of(Trait.FEED_FORWARD_BIAS, Trait.SLIDING_WINDOWS, Trait.UNROTATED_LAYERS),
      """
      {"rope_theta": 2000000, "max_position_embeddings": 32768, "num_key_value_heads": 4,
       "no_rope_layer_interval": 4, "tie_word_embeddings": true, "pad_token_id": 128004}""");

  /** A feature of some families. */
  enum Trait {
    /** q, k and v always have a bias and o never; else all or none, by attention_bias. */
    QUERY_KEY_VALUE_BIAS,
    /** Each head of q and k is normalised. */
    QUERY_KEY_NORM,
    /** The family reads mlp_bias. */
    FEED_FORWARD_BIAS,
    /** Some layers have no rotary embedding (NoPE). */
    UNROTATED_LAYERS,
    /**
     * Some layers may attend over a sliding window, which is not supported: the layers without
     * rotation if the family has such layers, else the layers from max_window_layers on.
     */
    SLIDING_WINDOWS
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

  /** The config with the family's defaults for absent keys; keys with null are kept. */
  ObjectNode completed(ObjectNode config) throws IOException {
    ObjectNode all = JsonFile.parse(defaults.getBytes(StandardCharsets.UTF_8), name());
    return all.setAll(config);
  }
}
