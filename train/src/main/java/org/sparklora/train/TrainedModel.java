package org.sparklora.train;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.TokenizerDialect;

/**
 * A serialisable description of the trained model; each executor reads the weights itself. Equal
 * descriptions share one loaded model in a JVM.
 */
public final class TrainedModel implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Marks a frozen model in place of the dropout seed, which only an adapter uses. */
  private static final long FROZEN = -1;

  private final Settings settings;
  private transient Tokenizer tokenizer; // null until first used

  /**
   * The settings by which models differ.
   *
   * @param lora null for no adapter: Optional is not serialisable
   */
  private record Settings(
      ModelSource checkpoint,
      LoraConfig lora,
      Precision precision,
      boolean gradientCheckpointing,
      long seed,
      TokenizerDialect dialect,
      EngineChoice engine,
      SupervisedLoss supervised)
      implements Serializable {}

  private TrainedModel(Settings settings) {
    this.settings = settings;
  }

  private static TrainedModel of(
      ModelSource checkpoint, LoraConfig lora, Precision precision, boolean recompute, long seed) {
    return new TrainedModel(
        new Settings(
            checkpoint,
            lora,
            precision,
            recompute,
            seed,
            TokenizerDialect.FILE,
            EngineChoice.USUAL,
            SupervisedLoss.PLAIN));
  }

  /**
   * An adapter on a frozen base.
   *
   * @param checkpoint the base model
   * @param precision types of the base's matrices in memory and of matrix products
   * @param gradientCheckpointing whether backward recomputes forward's blocks
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
   * @param precision type of matrix products; trained weights are float32
   */
  public static TrainedModel allWeights(
      ModelSource checkpoint, Precision precision, boolean gradientCheckpointing) {
    return of(checkpoint, null, precision, gradientCheckpointing, 0);
  }

  /** A model without trained parameters. */
  public static TrainedModel frozen(ModelSource checkpoint, Precision precision) {
    return of(checkpoint, null, precision, false, FROZEN);
  }

  /** This model with its tokenizer read in a dialect instead of as the file says. */
  public TrainedModel reading(TokenizerDialect tokenizerDialect) {
    return with(tokenizerDialect, settings.engine, settings.supervised);
  }

  /** This model on an engine, instead of on the default one of the executing JVM. */
  public TrainedModel computedBy(EngineChoice choice) {
    return with(settings.dialect, choice, settings.supervised);
  }

  /** This model with another supervised loss than the cross-entropy alone. */
  public TrainedModel minimizing(SupervisedLoss loss) {
    return with(settings.dialect, settings.engine, loss);
  }

  private TrainedModel with(
      TokenizerDialect dialect, EngineChoice engine, SupervisedLoss supervised) {
    return new TrainedModel(
        new Settings(
            settings.checkpoint,
            settings.lora,
            settings.precision,
            settings.gradientCheckpointing,
            settings.seed,
            dialect,
            engine,
            supervised));
  }

  /** The loss of supervised training. */
  public SupervisedLoss supervised() {
    return settings.supervised;
  }

  /** Weight of the auxiliary loss of a mixture's routers, supervised or in a policy loss. */
  public double routerWeight() {
    return settings.supervised.routerWeight();
  }

  /** The choice of the engine. */
  public EngineChoice engine() {
    return settings.engine;
  }

  /** The checkpoint's tokenizer, read at the first call. */
  public synchronized Tokenizer tokenizer() {
    if (tokenizer == null) {
      tokenizer = Tokenizer.load(checkpoint().folder(), settings.dialect);
    }
    return tokenizer;
  }

  /** The base model. */
  public ModelSource checkpoint() {
    return settings.checkpoint;
  }

  /** The adapter; empty for full fine-tuning and for a frozen model. */
  public Optional<LoraConfig> lora() {
    return Optional.ofNullable(settings.lora);
  }

  /** Types of the frozen base's matrices in memory, and of products if the CPU supports it. */
  public Precision precision() {
    return settings.precision;
  }

  /** Whether backward recomputes forward's blocks instead of keeping all activations. */
  public boolean gradientCheckpointing() {
    return settings.gradientCheckpointing;
  }

  /**
   * The layout of the trained parameters in one flat vector; reads the checkpoint's {@code
   * config.json}.
   */
  public ParameterLayout layout() {
    DecoderConfig config = config();
    if (settings.lora != null) {
      return AdapterLayout.of(settings.lora, config);
    }
    return settings.seed == FROZEN ? ParameterLayout.none() : WeightLayout.of(config);
  }

  /** The checkpoint's {@code config.json}. */
  public DecoderConfig config() {
    try {
      return DecoderConfig.read(checkpoint().folder().resolve("config.json"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A different dropout seed for every micro-batch of a run, independent of the executor. */
  long dropoutSeed(int step, int microBatch) {
    return (settings.seed * 0x9e3779b97f4a7c15L + step) * 0xbf58476d1ce4e5b9L + microBatch;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TrainedModel that && settings.equals(that.settings);
  }

  @Override
  public int hashCode() {
    return settings.hashCode();
  }
}
