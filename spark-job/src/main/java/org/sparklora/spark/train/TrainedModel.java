package org.sparklora.spark.train;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Optional;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Precision;
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
  private final Precision precision;
  private final boolean gradientCheckpointing;
  private final long seed;
  private final TokenizerDialect dialect;
  private final EngineChoice engine;

  private TrainedModel(
      ModelSource checkpoint,
      LoraConfig lora,
      Precision precision,
      boolean gradientCheckpointing,
      long seed,
      TokenizerDialect dialect,
      EngineChoice engine) {
    this.checkpoint = checkpoint;
    this.lora = lora;
    this.precision = precision;
    this.gradientCheckpointing = gradientCheckpointing;
    this.seed = seed;
    this.dialect = dialect;
    this.engine = engine;
  }

  private static TrainedModel of(
      ModelSource checkpoint, LoraConfig lora, Precision precision, boolean recompute, long seed) {
    return new TrainedModel(
        checkpoint, lora, precision, recompute, seed, TokenizerDialect.FILE, EngineChoice.USUAL);
  }

  /**
   * An adapter on a frozen base.
   *
   * @param checkpoint the base model
   * @param precision how matrices of the base are kept, and multiplied
   * @param gradientCheckpointing whether backward computes forward's blocks once more
   * @param seed of the dropout masks
   */
  public static TrainedModel adapter(
      ModelSource checkpoint,
      LoraConfig lora,
      Precision precision,
      boolean gradientCheckpointing,
      long seed) {
    return of(checkpoint, lora, precision, gradientCheckpointing, seed);
  }

  /**
   * All weights of a model.
   *
   * @param precision how they are multiplied; what is trained is float32
   */
  public static TrainedModel allWeights(
      ModelSource checkpoint, Precision precision, boolean gradientCheckpointing) {
    return of(checkpoint, null, precision, gradientCheckpointing, 0);
  }

  /** A model of which nothing is trained. */
  public static TrainedModel frozen(ModelSource checkpoint, Precision precision) {
    return of(checkpoint, null, precision, false, FROZEN);
  }

  /** The same with its tokenizer read in a dialect; without this, as its file says. */
  public TrainedModel reading(TokenizerDialect tokenizerDialect) {
    return new TrainedModel(
        checkpoint, lora, precision, gradientCheckpointing, seed, tokenizerDialect, engine);
  }

  /** The same on an engine; without this, on the usual one of the JVM that computes. */
  public TrainedModel computedBy(EngineChoice choice) {
    return new TrainedModel(
        checkpoint, lora, precision, gradientCheckpointing, seed, dialect, choice);
  }

  /** Which engine computes it. */
  public EngineChoice engine() {
    return engine;
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

  /** How matrices of the frozen base are kept in memory, and multiplied where the CPU can. */
  public Precision precision() {
    return precision;
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
        && precision.equals(that.precision)
        && gradientCheckpointing == that.gradientCheckpointing
        && seed == that.seed
        && dialect == that.dialect
        && engine.equals(that.engine);
  }

  @Override
  public int hashCode() {
    return Objects.hash(checkpoint, lora, precision, gradientCheckpointing, seed, dialect, engine);
  }
}
