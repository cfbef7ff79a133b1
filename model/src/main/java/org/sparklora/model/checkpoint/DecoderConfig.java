package org.sparklora.model.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.sparklora.model.engine.Heads;
import org.sparklora.text.json.CheckpointException;

/**
 * The shape of a decoder, from {@code config.json}. Keys that the file leaves out get the defaults
 * of {@code transformers}.
 *
 * @param family the family that {@code model_type} names
 * @param vocabSize V
 * @param hiddenSize C
 * @param intermediateSize F
 * @param numHiddenLayers L
 * @param mlpBias whether gate_proj, up_proj and down_proj have a bias
 * @param tieWordEmbeddings whether lm_head is the embedding's table
 * @param padTokenId the token whose embedding is never trained, if any
 * @param dtype as the file names it, {@code float32}, {@code bfloat16} or {@code float16}
 */
public record DecoderConfig(
    ModelFamily family,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int numHiddenLayers,
    Attention attention,
    Rope rope,
    float rmsNormEps,
    boolean mlpBias,
    boolean tieWordEmbeddings,
    int maxPositionEmbeddings,
    OptionalInt padTokenId,
    String dtype) {

  /**
   * @param heads H, K and D
   * @param queryKeyValueBias whether q_proj, k_proj and v_proj have a bias
   * @param outputBias whether o_proj has a bias
   * @param queryKeyNorm whether each head of q and k is normalised (Qwen3)
   */
  public record Attention(
      Heads heads, boolean queryKeyValueBias, boolean outputBias, boolean queryKeyNorm) {}

  /**
   * @param theta base of the frequencies
   * @param layers for each layer whether q and k are rotated; false is NoPE
   */
  public record Rope(double theta, RopeScaling scaling, List<Boolean> layers) {
    public Rope {
      layers = List.copyOf(layers);
    }
  }

  /**
   * Reads {@code config.json}, in the layout of transformers 4 or 5.
   *
   * @throws CheckpointException if a value is missing, impossible, or asks for something that this
   *     decoder does not compute
   */
  public static DecoderConfig read(Path file) throws IOException {
    return new DecoderConfigReader(file).read();
  }

  /** The names of all linear layers that can carry an adapter, in the order of computation. */
  public List<String> linearNames() {
    List<String> names = new ArrayList<>();
    for (int layer = 0; layer < numHiddenLayers; layer++) {
      for (Projection projection : Projection.values()) {
        names.add(projection.module(layer));
      }
    }
    names.add(WeightNames.HEAD_MODULE);
    return names;
  }

  /** H, K and D. */
  public Heads heads() {
    return attention.heads;
  }
}
