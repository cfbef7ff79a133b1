package org.sparklora.model.checkpoint;

import java.util.Arrays;

/**
 * The seven linear layers of a decoder block, with the names they have in checkpoints. In a mixture
 * each expert has its own gate, up and down.
 */
public enum Projection {
  QUERY("self_attn.q_proj"),
  KEY("self_attn.k_proj"),
  VALUE("self_attn.v_proj"),
  OUTPUT("self_attn.o_proj"),
  GATE("mlp.gate_proj"),
  UP("mlp.up_proj"),
  DOWN("mlp.down_proj");

  private final String path;

  Projection(String path) {
    this.path = path;
  }

  /** The full module name, as PEFT matches it: {@code model.layers.3.self_attn.q_proj}. */
  public String module(int layer) {
    return "model.layers." + layer + "." + path;
  }

  /** Whether a tensor is a matrix of these layers outside of experts: transformers quantises it. */
  public static boolean isMatrix(String name) {
    return Arrays.stream(values()).anyMatch(layer -> name.endsWith("." + layer.path + ".weight"));
  }

  /** The full module name in an expert: {@code model.layers.3.mlp.experts.7.gate_proj}. */
  public String module(int layer, int expert) {
    return module(layer).replace(".mlp.", WeightNames.EXPERTS + expert + ".");
  }

  /** The module of a block, of the first expert if it has experts. */
  public String first(DecoderConfig config, int layer) {
    boolean isOfExperts = isFeedForward() && config.layers().get(layer).experts().isPresent();
    return isOfExperts ? module(layer, 0) : module(layer);
  }

  /** The weight of the norm of query or key heads, {@code (D)}, {@code (H·D)} or {@code (K·D)}. */
  public String norm(int layer) {
    return module(layer).replace("_proj", "_norm.weight");
  }

  /** Whether the layer is one of the feed-forward layer, and so of each expert. */
  public boolean isFeedForward() {
    return compareTo(GATE) >= 0;
  }

  /** The columns of W; {@code features} is F, of the feed-forward layer or of an expert. */
  int in(DecoderConfig config, int features) {
    return switch (this) {
      case QUERY, KEY, VALUE, GATE, UP -> config.hiddenSize();
      case OUTPUT -> config.heads().queryWidth();
      case DOWN -> features;
    };
  }

  /** The rows of W; see {@link #in}. */
  int out(DecoderConfig config, int features) {
    return switch (this) {
      case QUERY -> config.heads().queryWidth();
      case KEY, VALUE -> config.heads().keyValueWidth();
      case OUTPUT, DOWN -> config.hiddenSize();
      case GATE, UP -> features;
    };
  }

  /** Whether the layer {@code y = x·Wᵀ + b} has a bias b. */
  public boolean hasBias(DecoderConfig config) {
    return switch (this) {
      case QUERY, KEY, VALUE -> config.attention().queryKeyValueBias();
      case OUTPUT -> config.attention().outputBias();
      case GATE, UP, DOWN -> config.mlpBias();
    };
  }
}
