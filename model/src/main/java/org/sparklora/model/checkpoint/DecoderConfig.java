package org.sparklora.model.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.tensor.Bfloat16;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.text.json.CheckpointException;

/**
 * The shape of a decoder, from {@code config.json}. Keys that the file leaves out get the defaults
 * of {@code transformers}.
 *
 * @param family the family that {@code model_type} names
 * @param vocabSize V
 * @param hiddenSize C
 * @param intermediateSize F
 * @param layers what differs between the L layers
 * @param gate the activation of the gated feed-forward layers
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
    Attention attention,
    List<Layer> layers,
    float rmsNormEps,
    GateFunction gate,
    boolean mlpBias,
    boolean tieWordEmbeddings,
    int maxPositionEmbeddings,
    OptionalInt padTokenId,
    String dtype) {

  public DecoderConfig {
    layers = List.copyOf(layers);
  }

  /**
   * @param heads H, K and D
   * @param queryKeyValueBias whether q_proj, k_proj and v_proj have a bias
   * @param outputBias whether o_proj has a bias
   * @param scale multiplies the scores before the softmax, usually 1/√D
   */
  public record Attention(Heads heads, boolean queryKeyValueBias, boolean outputBias, float scale) {
    /** Attention with scores scaled by 1/√D. */
    public Attention(Heads heads, boolean queryKeyValueBias, boolean outputBias) {
      this(heads, queryKeyValueBias, outputBias, (float) (1 / Math.sqrt(heads.size())));
    }
  }

  /**
   * @param window most keys that a token sees, its own included; {@link Branch#ALL} for no limit
   * @param rope how q and k are rotated; empty is NoPE
   */
  public record Layer(int window, Optional<Rope> rope) {
    /** Alike layers that see all keys. */
    public static List<Layer> alike(int count, Rope rope) {
      return Collections.nCopies(count, new Layer(Branch.ALL, Optional.of(rope)));
    }
  }

  /**
   * @param theta base of the frequencies
   */
  public record Rope(double theta, RopeScaling scaling) {}

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
    for (int layer = 0; layer < numHiddenLayers(); layer++) {
      for (Projection projection : Projection.values()) {
        names.add(projection.module(layer));
      }
    }
    names.add(WeightNames.HEAD_MODULE);
    return names;
  }

  /** L. */
  public int numHiddenLayers() {
    return layers.size();
  }

  /** Whether a weight is that of a norm that multiplies by 1 + weight. */
  public boolean isOnePlus(String weight) {
    return family.has(ModelFamily.Trait.NORM_BY_ONE_PLUS_WEIGHT) && weight.endsWith("norm.weight");
  }

  /** Whether blocks have a norm at a place. */
  public boolean has(NormPlace place) {
    return family.normName(place).isPresent();
  }

  /** Elements that a norm of q has a weight for: D, H·D, or 0 without such a norm. */
  public int queryNorm() {
    return headNorm(heads().queryWidth());
  }

  /** Elements that a norm of k has a weight for: D, K·D, or 0 without such a norm. */
  public int keyNorm() {
    return headNorm(heads().keyValueWidth());
  }

  private int headNorm(int width) {
    if (family.has(ModelFamily.Trait.NORM_OF_PROJECTION)) {
      return width;
    }
    return family.has(ModelFamily.Trait.NORM_OF_EACH_HEAD) ? heads().size() : 0;
  }

  /**
   * The factor of embeddings: √C in some families, else 1.
   *
   * @param weights the type that matrices are kept in, to which transformers rounds the factor
   */
  public float embeddingScale(DType weights) {
    if (!family.has(ModelFamily.Trait.SCALED_EMBEDDING)) {
      return 1;
    }
    float scale = (float) Math.sqrt(hiddenSize);
    return weights == DType.BFLOAT16 ? Bfloat16.toFloat(Bfloat16.fromFloat(scale)) : scale;
  }

  /** H, K and D. */
  public Heads heads() {
    return attention.heads;
  }
}
