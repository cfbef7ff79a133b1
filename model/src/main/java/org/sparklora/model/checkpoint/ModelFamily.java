package org.sparklora.model.checkpoint;

import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * The kinds of decoder that are computed, by the {@code model_type} of {@code config.json}, and
 * what sets them apart: which keys mean something, and the defaults of transformers' configuration
 * classes (5.24.0) for those that the file leaves out.
 */
public enum ModelFamily {
  LLAMA(
      "llama",
      new Attention(Bias.BY_CONFIG, false, OptionalInt.empty(), OptionalInt.empty()),
      new Positions(10_000, 2048, Windows.NONE, false),
      new Rest(true, false, OptionalInt.empty())),
  QWEN2(
      "qwen2",
      new Attention(Bias.OF_QUERY_KEY_VALUE, false, OptionalInt.of(32), OptionalInt.empty()),
      new Positions(10_000, 32_768, Windows.FROM_LAYER, false),
      new Rest(false, false, OptionalInt.empty())),
  QWEN3(
      "qwen3",
      new Attention(Bias.BY_CONFIG, true, OptionalInt.of(32), OptionalInt.of(128)),
      new Positions(10_000, 32_768, Windows.FROM_LAYER, false),
      new Rest(false, false, OptionalInt.empty())),
  SMOLLM3(
      "smollm3",
      new Attention(Bias.BY_CONFIG, false, OptionalInt.of(4), OptionalInt.empty()),
      new Positions(2_000_000, 32_768, Windows.IN_UNROTATED_LAYERS, true),
      new Rest(true, true, OptionalInt.of(128_004)));

  /** Which projections of attention have a bias. */
  enum Bias {
    /** All or none, as {@code attention_bias} says. */
    BY_CONFIG,
    /** q, k and v always, o never. */
    OF_QUERY_KEY_VALUE
  }

  /** Where attention over a sliding window would be, which is not computed here. */
  enum Windows {
    NONE,
    /** From {@code max_window_layers} on. */
    FROM_LAYER,
    /** In layers without rotary embedding. */
    IN_UNROTATED_LAYERS
  }

  /**
   * @param bias of the projections
   * @param queryKeyNorm whether each head of q and k is normalised
   * @param keyValueHeads K by default; empty for as many as query heads
   * @param headSize D by default; empty for C / H
   */
  record Attention(
      Bias bias, boolean queryKeyNorm, OptionalInt keyValueHeads, OptionalInt headSize) {}

  /**
   * @param theta of the rotary embedding by default
   * @param maximum of positions by default
   * @param windows where they would be
   * @param skipsLayers whether some layers have no rotary embedding (NoPE)
   */
  record Positions(double theta, int maximum, Windows windows, boolean skipsLayers) {}

  /**
   * @param feedForwardBias whether {@code mlp_bias} means something
   * @param tiesEmbeddings whether lm_head is the embedding's table by default
   * @param paddingId by default
   */
  record Rest(boolean feedForwardBias, boolean tiesEmbeddings, OptionalInt paddingId) {}

  private final String modelType;
  private final Attention attention;
  private final Positions positions;
  private final Rest rest;

  ModelFamily(String modelType, Attention attention, Positions positions, Rest rest) {
    this.modelType = modelType;
    this.attention = attention;
    this.positions = positions;
    this.rest = rest;
  }

  /** The family of a {@code model_type}, if it is computed here. */
  static Optional<ModelFamily> of(String modelType) {
    return Arrays.stream(values()).filter(f -> f.modelType.equals(modelType)).findFirst();
  }

  /** All of them, for messages. */
  static String names() {
    return Arrays.stream(values()).map(f -> f.modelType).collect(Collectors.joining(", "));
  }

  Attention attention() {
    return attention;
  }

  Positions positions() {
    return positions;
  }

  Rest rest() {
    return rest;
  }
}
