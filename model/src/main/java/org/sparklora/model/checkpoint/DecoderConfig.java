package org.sparklora.model.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Routing;
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
   * @param experts the mixture in place of the feed-forward layer, if the layer has one
   */
  public record Layer(int window, Optional<Rope> rope, Optional<Experts> experts) {
    /** Alike layers without experts that see all keys. */
    public static List<Layer> alike(int count, Rope rope) {
      return Collections.nCopies(count, new Layer(Branch.ALL, Optional.of(rope), Optional.empty()));
    }
  }

  /**
   * A mixture of experts: each token passes through the experts with its largest router logits.
   *
   * @param count E
   * @param active experts of each token
   * @param renormalised whether the weights of a token's experts are divided by their sum
   * @param intermediateSize F of each expert
   * @param lossWeight weight of the router's auxiliary loss ({@code router_aux_loss_coef})
   */
  public record Experts(
      int count, int active, boolean renormalised, int intermediateSize, double lossWeight) {

    /** How experts are chosen and weighted. */
    public Routing.Rule rule() {
      return new Routing.Rule(active, renormalised);
    }
  }

  /**
   * A linear layer of a block by its full name, and the share of the tokens that it computes: 1, or
   * active / count in experts.
   */
  public record LinearShape(String module, int in, int out, boolean hasBias, double share) {}

  /** A rotation; {@code theta} is the base of its frequencies. */
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

  /** The linear layers of a block, in the order of computation: in a mixture first the router. */
  public List<LinearShape> linears(int layer) {
    List<LinearShape> linears = new ArrayList<>();
    Optional<Experts> mixture = layers.get(layer).experts;
    for (Projection projection : Projection.values()) {
      if (mixture.isEmpty() || !projection.isFeedForward()) {
        linears.add(shape(projection.module(layer), projection, intermediateSize, 1));
      }
    }
    if (mixture.isPresent()) {
      Experts experts = mixture.get();
      linears.add(new LinearShape(WeightNames.router(layer), hiddenSize, experts.count, false, 1));
      double share = (double) experts.active / experts.count;
      for (int expert = 0; expert < experts.count; expert++) {
        for (Projection projection : Projection.values()) {
          if (projection.isFeedForward()) {
            String module = projection.module(layer, expert);
            linears.add(shape(module, projection, experts.intermediateSize, share));
          }
        }
      }
    }
    return linears;
  }

  private LinearShape shape(String module, Projection projection, int features, double share) {
    return new LinearShape(
        module,
        projection.in(this, features),
        projection.out(this, features),
        projection.hasBias(this),
        share);
  }

  /** The linear layers of all blocks, in the order of computation. */
  public List<LinearShape> linears() {
    return IntStream.range(0, numHiddenLayers())
        .mapToObj(this::linears)
        .flatMap(List::stream)
        .toList();
  }

  /** Elements of the blocks' matrices that multiply a token: in a mixture those of its experts. */
  public double activeElements() {
    return linears().stream().mapToDouble(of -> of.share() * of.in() * of.out()).sum();
  }

  /** The names of all linear layers that can carry an adapter, in the order of computation. */
  public List<String> linearNames() {
    return Stream.concat(
            linears().stream().map(LinearShape::module), Stream.of(WeightNames.HEAD_MODULE))
        .toList();
  }

  /** The mixture of the layers that have one; all have the same. */
  public Optional<Experts> experts() {
    return layers.stream().flatMap(layer -> layer.experts.stream()).findFirst();
  }

  public List<Rope> ropes() {
    return layers.stream().map(Layer::rope).flatMap(Optional::stream).distinct().toList();
  }

  /** Lengths of texts beyond which the rotary frequencies are others, ascending. */
  public int[] ropeSwitches() {
    IntStream lengths = ropes().stream().mapToInt(rope -> rope.scaling().longestShortText());
    return lengths.filter(length -> length < Integer.MAX_VALUE).distinct().sorted().toArray();
  }

  /** Tokens of the longest text whose rotary frequencies are supported. */
  public int longestText() {
    return ropes().stream().anyMatch(rope -> rope.scaling() instanceof RopeScaling.Dynamic)
        ? maxPositionEmbeddings
        : Integer.MAX_VALUE;
  }

  /** L. */
  public int numHiddenLayers() {
    return layers.size();
  }

  /** Whether a weight is that of a norm that multiplies by 1 + weight. */
  public boolean isOnePlus(String weight) {
    return family.has(ModelFamily.Trait.NORM_BY_ONE_PLUS_WEIGHT) && weight.endsWith("norm.weight");
  }

  /** The weight of a block's norm, {@code (C)}, if the family has a norm at this place. */
  public Optional<String> norm(ModelFamily.NormPlace place, int layer) {
    return family.normName(place).map(name -> "model.layers." + layer + "." + name + ".weight");
  }

  /** Elements that the norm of q or k has a weight for: D, H·D or K·D, or 0 without such a norm. */
  public int headNorm(Projection projection) {
    if (family.has(ModelFamily.Trait.NORM_OF_PROJECTION)) {
      return projection.out(this, intermediateSize);
    }
    return family.has(ModelFamily.Trait.NORM_OF_EACH_HEAD) ? heads().size() : 0;
  }

  /** The factor of embeddings, √C or 1, rounded as in transformers to the matrices' type. */
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
