package org.sparklora.model.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.sparklora.text.json.CheckpointException;

/**
 * The shape of a decoder, from {@code config.json}. Components are called as there; those that the
 * file derives from others are filled in as {@code transformers} does.
 *
 * @param modelType {@code llama}, {@code qwen2}, {@code qwen3} or {@code smollm3}
 * @param vocabSize V
 * @param hiddenSize C
 * @param intermediateSize F
 * @param numHiddenLayers L
 * @param numAttentionHeads H
 * @param numKeyValueHeads K
 * @param headDim D
 * @param queryKeyValueBias whether q_proj, k_proj and v_proj have a bias
 * @param outputBias whether o_proj has a bias
 * @param mlpBias whether gate_proj, up_proj and down_proj have a bias
 * @param queryKeyNorm whether each head of q and k is normalised (Qwen3)
 * @param ropeLayers for each layer whether q and k are rotated; false is NoPE
 * @param tieWordEmbeddings whether lm_head is the embedding's table
 * @param padTokenId the token whose embedding is never trained, if any
 * @param dtype as the file names it, {@code float32}, {@code bfloat16} or {@code float16}
 */
public record DecoderConfig(
    String modelType,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int numKeyValueHeads,
    int headDim,
    float rmsNormEps,
    double ropeTheta,
    RopeScaling ropeScaling,
    List<Boolean> ropeLayers,
    boolean queryKeyValueBias,
    boolean outputBias,
    boolean mlpBias,
    boolean queryKeyNorm,
    boolean tieWordEmbeddings,
    int maxPositionEmbeddings,
    OptionalInt padTokenId,
    String dtype) {

  public DecoderConfig {
    ropeLayers = List.copyOf(ropeLayers);
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
    return WeightNames.linears(this);
  }
}
