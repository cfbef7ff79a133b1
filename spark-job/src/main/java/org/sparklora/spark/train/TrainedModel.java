package org.sparklora.spark.train;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Optional;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.DType;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.text.TokenizerDialect;

/**
 * What is trained, in words small enough to travel: the weights themselves are read on each
 * executor. Equal values share one loaded model in a JVM.
 */
public final class TrainedModel implements Serializable {
  private static final long serialVersionUID = 1L;

  /** In place of the seed of a dropout, which there is not without an adapter. */
  private static final long FROZEN = -1;

  private final ModelSource checkpoint;
  private final LoraConfig lora; // null where all weights are trained: Optional is not serialisable
  private final DType baseWeights;
  private final boolean gradientCheckpointing;
  private final long seed;
  private final TokenizerDialect dialect;
  private final DType products;

  private TrainedModel(
      ModelSource checkpoint,
      LoraConfig lora,
      DType baseWeights,
      boolean gradientCheckpointing,
      long seed,
      TokenizerDialect dialect,
      DType products) {
    this.checkpoint = checkpoint;
    this.lora = lora;
    this.baseWeights = baseWeights;
    this.gradientCheckpointing = gradientCheckpointing;
    this.seed = seed;
    this.dialect = dialect;
    this.products = products;
  }

  /**
   * An adapter on a frozen base.
   *
   * @param checkpoint the base model
   * @param baseWeights how matrices of the base are kept in memory: float32 or bfloat16; {@link
   *     org.sparklora.model.Decoder#kept} may save some of it
   * @param gradientCheckpointing whether backward computes forward's blocks once more
   * @param seed of the dropout masks
   */
  public static TrainedModel adapter(
      ModelSource checkpoint,
      LoraConfig lora,
      DType baseWeights,
      boolean gradientCheckpointing,
      long seed) {
    return new TrainedModel(
        checkpoint,
        lora,
        baseWeights,
        gradientCheckpointing,
        seed,
        TokenizerDialect.FILE,
        DType.FLOAT32);
  }

  /** All weights of a model. */
  public static TrainedModel allWeights(ModelSource checkpoint, boolean gradientCheckpointing) {
    return new TrainedModel(
        checkpoint,
        null,
        DType.FLOAT32,
        gradientCheckpointing,
        0,
        TokenizerDialect.FILE,
        DType.FLOAT32);
  }

  /**
   * A model of which nothing is trained.
   *
   * @param weights how its matrices are kept in memory: float32 or bfloat16
   */
  public static TrainedModel frozen(ModelSource checkpoint, DType weights) {
    return new TrainedModel(
        checkpoint, null, weights, false, FROZEN, TokenizerDialect.FILE, DType.FLOAT32);
  }

  /** The same with its tokenizer read in a dialect; without this, as its file says. */
  public TrainedModel reading(TokenizerDialect tokenizerDialect) {
    return new TrainedModel(
        checkpoint, lora, baseWeights, gradientCheckpointing, seed, tokenizerDialect, products);
  }

  /**
   * The same with products of matrices in another type; without this, in float32.
   *
   * @param type float32, or bfloat16 for operands that are rounded to it
   */
  public TrainedModel multiplying(DType type) {
    return new TrainedModel(
        checkpoint, lora, baseWeights, gradientCheckpointing, seed, dialect, type);
  }

  /** The type of the operands of matrix products; a CPU may not multiply bfloat16. */
  public DType products() {
    return products;
  }

  /** How the checkpoint's tokenizer is read. */
  public TokenizerDialect dialect() {
    return dialect;
  }

  /** The base model. */
  public ModelSource checkpoint() {
    return checkpoint;
  }

  /** The adapter, or empty for full fine-tuning. */
  public Optional<LoraConfig> lora() {
    return Optional.ofNullable(lora);
  }

  /** How matrices of the frozen base are kept in memory. */
  public DType baseWeights() {
    return baseWeights;
  }

  /** Whether backward computes forward's blocks once more instead of keeping them all. */
  public boolean gradientCheckpointing() {
    return gradientCheckpointing;
  }

  /**
   * How the trained parameters lie in one flat vector; reads the checkpoint's {@code config.json}.
   */
  public ParameterLayout layout() {
    DecoderConfig config = config();
    if (lora != null) {
      return AdapterLayout.of(lora, config);
    }
    return seed == FROZEN ? ParameterLayout.none() : WeightLayout.of(config);
  }

  /** The checkpoint's {@code config.json}. */
  public DecoderConfig config() {
    try {
      return DecoderConfig.read(checkpoint.folder().resolve("config.json"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Seed of the dropout masks. */
  public long seed() {
    return seed;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TrainedModel that
        && checkpoint.equals(that.checkpoint)
        && Objects.equals(lora, that.lora)
        && baseWeights == that.baseWeights
        && gradientCheckpointing == that.gradientCheckpointing
        && seed == that.seed
        && dialect == that.dialect
        && products == that.products;
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        checkpoint, lora, baseWeights, gradientCheckpointing, seed, dialect, products);
  }
}
