package org.sparklora.observe.estimate;

import java.util.Optional;
import java.util.OptionalLong;
import org.sparklora.model.Decoder;
import org.sparklora.model.checkpoint.CheckpointHeaders;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.generate.Generator;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.train.TrainedModel;

/**
 * The inputs of the regret report.
 *
 * @param model the base model's shape
 * @param adapter the trained adapter; empty for all weights
 * @param learningRate peak learning rate
 * @param data size of the packed table, if it exists
 * @param generation the completions of a {@code grpo} run; empty for {@code sft}
 */
public record PlannedRun(
    DecoderConfig model,
    Optional<AdapterLayout> adapter,
    Memory memory,
    Batch batch,
    double learningRate,
    Optional<DataSize> data,
    Optional<Generation> generation) {

  /**
   * Settings of the completions that are generated together.
   *
   * @param completions completions of one prompt ({@code num_generations}); 0 if servers draw
   * @param inRound completions of all prompts of a round
   * @param packedWeightBytes bytes of packed copies of linear layers' weights, which speed up
   *     decoding
   * @param teacherBytes bytes of a teacher's weights; 0 without one
   * @param otherPolicies policies on the engine beside the trained one: the reference policy, and
   *     those that draw rounds ahead
   */
  public record Generation(
      int completions, int inRound, long packedWeightBytes, long teacherBytes, int otherPolicies) {

    /** Most completions that have keys and values at a time; those of a prompt are together. */
    int inFlight() {
      int prompts = completions == 0 ? 0 : Math.max(1, Generator.DEFAULT_ROWS / completions);
      return Math.min(prompts * completions, inRound);
    }
  }

  /**
   * Settings that determine memory besides the shapes.
   *
   * @param baseWeights type of the frozen base's matrices but those of linear layers
   * @param linearWeights type of the matrices of its linear layers
   * @param products type that operands of matrix products are rounded to
   * @param gradientCheckpointing whether backward recomputes blocks instead of keeping activations
   * @param parameterVectors number of vectors of the trained parameters' size in one process; see
   *     {@link TrainingMemory}
   * @param bfloat16 the engine, if {@code --bf16} is set
   */
  public record Memory(
      DType baseWeights,
      DType linearWeights,
      DType products,
      boolean gradientCheckpointing,
      int parameterVectors,
      Optional<Engine> bfloat16) {

    /** The settings of a run that trains a model, whose checkpoint has these headers. */
    public static Memory of(TrainedModel model, CheckpointHeaders headers, int parameterVectors) {
      Engine engine = Engines.of(model.engine());
      DType weights = Decoder.kept(model.precision().weights(), headers.matrixType(), engine);
      return of(
          weights, model.precision(), engine, model.gradientCheckpointing(), parameterVectors);
    }

    /** The settings of a run on an engine. */
    public static Memory of(
        DType baseWeights,
        Precision precision,
        Engine engine,
        boolean gradientCheckpointing,
        int parameterVectors) {
      Engine computing = engine.withProductsIn(precision.products());
      return new Memory(
          baseWeights,
          Decoder.keptLinear(precision, baseWeights, engine),
          precision.productsOn(engine),
          gradientCheckpointing,
          parameterVectors,
          precision.products() == DType.BFLOAT16 ? Optional.of(computing) : Optional.empty());
    }
  }

  /**
   * @param microBatchRows rows, or completions, of one forward pass ({@code
   *     per_device_train_batch_size})
   * @param rowsPerStep rows of one update, over all micro-batches and workers
   * @param maxRowTokens {@code max_length}; most tokens of a row
   * @param maxSteps {@code max_steps}; if 0 or less, {@code epochs} decides
   * @param epochs {@code num_train_epochs}
   */
  public record Batch(
      int microBatchRows, int rowsPerStep, int maxRowTokens, int maxSteps, double epochs) {}

  /**
   * The size of a packed table, from its manifest.
   *
   * @param targetTokens tokens that count for the loss
   * @param longestRow tokens of the longest row
   */
  public record DataSize(long rows, long targetTokens, int longestRow) {}

  /** Tokens of the largest micro-batch: all its rows as long as the longest row. */
  public long microBatchTokens() {
    return data.map(size -> Math.min(batch.microBatchRows, size.rows()) * size.longestRow())
        .orElse((long) batch.microBatchRows * batch.maxRowTokens);
  }

  /** Total number of updates, if known. */
  public OptionalLong steps() {
    if (batch.maxSteps > 0) {
      return OptionalLong.of(batch.maxSteps);
    }
    return data.map(
            size ->
                (long) Math.ceil(batch.epochs * -Math.floorDiv(-size.rows(), batch.rowsPerStep)))
        .map(OptionalLong::of)
        .orElse(OptionalLong.empty());
  }

  /**
   * Target tokens that the run trains on at least once. Repeated tokens add no information, so
   * epochs after the first do not count.
   */
  public Optional<Tokens> distinctTargetTokens() {
    if (data.isPresent()) {
      DataSize size = data.get();
      double rowsSeen = (double) steps().orElseThrow() * batch.rowsPerStep;
      return Optional.of(
          new Tokens(Math.round(size.targetTokens() * Math.min(1, rowsSeen / size.rows())), true));
    }
    return batch.maxSteps > 0
        ? Optional.of(
            new Tokens((long) batch.maxSteps * batch.rowsPerStep * batch.maxRowTokens, false))
        : Optional.empty();
  }

  /** A number of tokens: exact if {@code counted}, else an upper bound. */
  public record Tokens(long count, boolean counted) {}
}
