package org.sparklora.model.checkpoint;

import java.util.Arrays;

/** The seven linear layers of a decoder block, with the names they have in checkpoints. */
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

  /**
   * Whether a tensor is the matrix of a linear layer of a block: those that transformers quantises.
   */
  public static boolean isMatrix(String name) {
    return Arrays.stream(values()).anyMatch(layer -> name.endsWith("." + layer.path + ".weight"));
  }

  /** The columns of W. */
  public int in(DecoderConfig config) {
    return switch (this) {
      case QUERY, KEY, VALUE, GATE, UP -> config.hiddenSize();
      case OUTPUT -> config.heads().queryWidth();
      case DOWN -> config.intermediateSize();
    };
  }

  /** The rows of W. */
  public int out(DecoderConfig config) {
    return switch (this) {
      case QUERY -> config.heads().queryWidth();
      case KEY, VALUE -> config.heads().keyValueWidth();
      case OUTPUT, DOWN -> config.hiddenSize();
      case GATE, UP -> config.intermediateSize();
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
