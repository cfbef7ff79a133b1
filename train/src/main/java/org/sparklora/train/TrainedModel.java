package org.sparklora.train;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
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
 *
 * @param factors the adapter's settings; null for no adapter, since Optional is not serialisable
 * @param precision types of the frozen base's matrices in memory, and of products if the CPU
 *     supports it
 * @param gradientCheckpointing whether backward recomputes forward's blocks instead of keeping all
 *     activations
 * @param seed of the dropout masks
 */
public record TrainedModel(
    ModelSource checkpoint,
    LoraConfig factors,
    Precision precision,
    boolean gradientCheckpointing,
    long seed,
    TokenizerDialect dialect,
    EngineChoice engine,
    SupervisedLoss supervised)
    implements Serializable {
  /** Marks a frozen model in place of the dropout seed, which only an adapter uses. */
  private static final long FROZEN = -1;

  /** Tokenizers that were read, as long as their models' descriptions are in use. */
  private static final Map<TrainedModel, Tokenizer> TOKENIZERS =
      Collections.synchronizedMap(new WeakHashMap<>());

  /** An adapter {@code lora} on a frozen base; null for none. */
  public static TrainedModel adapter(
      ModelSource checkpoint,
      LoraConfig lora,
      Precision precision,
      boolean gradientCheckpointing,
      long seed) {
    return new TrainedModel(
        checkpoint,
        lora,
        precision,
        gradientCheckpointing,
        seed,
        TokenizerDialect.FILE,
        EngineChoice.USUAL,
        SupervisedLoss.PLAIN);
  }

  /** All weights, in float32; {@code precision} is the type of matrix products. */
  public static TrainedModel allWeights(
      ModelSource checkpoint, Precision precision, boolean gradientCheckpointing) {
    return adapter(checkpoint, null, precision, gradientCheckpointing, 0);
  }

  public static TrainedModel frozen(ModelSource checkpoint, Precision precision) {
    return adapter(checkpoint, null, precision, false, FROZEN);
  }

  /** This model with its tokenizer read in a dialect instead of as the file says. */
  public TrainedModel reading(TokenizerDialect tokenizerDialect) {
    return with(tokenizerDialect, engine, supervised);
  }

  /** This model on an engine, instead of on the default one of the executing JVM. */
  public TrainedModel computedBy(EngineChoice choice) {
    return with(dialect, choice, supervised);
  }

  /** This model with another supervised loss than the cross-entropy alone. */
  public TrainedModel minimizing(SupervisedLoss loss) {
    return with(dialect, engine, loss);
  }

  private TrainedModel with(
      TokenizerDialect newDialect, EngineChoice newEngine, SupervisedLoss newLoss) {
    return new TrainedModel(
        checkpoint,
        factors,
        precision,
        gradientCheckpointing,
        seed,
        newDialect,
        newEngine,
        newLoss);
  }

  /** Weight of the auxiliary loss of a mixture's routers, supervised or in a policy loss. */
  public double routerWeight() {
    return supervised.routerWeight();
  }

  /** The checkpoint's tokenizer, read at the first call. */
  public Tokenizer tokenizer() {
    return TOKENIZERS.computeIfAbsent(
        this, model -> Tokenizer.load(model.checkpoint.folder(), model.dialect));
  }

  /** The adapter; empty for full fine-tuning and for a frozen model. */
  public Optional<LoraConfig> lora() {
    return Optional.ofNullable(factors);
  }

  /**
   * The layout of the trained parameters in one flat vector; reads the checkpoint's {@code
   * config.json}.
   */
  public ParameterLayout layout() {
    DecoderConfig config = config();
    if (factors != null) {
      return AdapterLayout.of(factors, config);
    }
    return seed == FROZEN ? ParameterLayout.none() : WeightLayout.of(config);
  }

  public DecoderConfig config() {
    try {
      return DecoderConfig.read(checkpoint.folder().resolve("config.json"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A different dropout seed for every micro-batch of a run, independent of the executor. */
  long dropoutSeed(int step, int microBatch) {
    return (seed * 0x9e3779b97f4a7c15L + step) * 0xbf58476d1ce4e5b9L + microBatch;
  }
}
