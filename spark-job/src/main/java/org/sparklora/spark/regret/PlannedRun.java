package org.sparklora.spark.regret;

import java.util.Optional;
import java.util.OptionalLong;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.lora.AdapterLayout;

/**
 * What the report needs to know of a run.
 *
 * @param model the base model's shape
 * @param adapter what is trained; empty for all weights
 * @param memory what decides on the memory it takes
 * @param batch how rows become steps
 * @param learningRate the peak
 * @param data the packed table, where there is one yet
 * @param generation what a run of {@code grpo} draws; empty for {@code sft}
 */
public record PlannedRun(
    DecoderConfig model,
    Optional<AdapterLayout> adapter,
    Memory memory,
    Batch batch,
    double learningRate,
    Optional<DataSize> data,
    Optional<Generation> generation) {

  /** A run of {@code sft}. */
  public PlannedRun(
      DecoderConfig model,
      Optional<AdapterLayout> adapter,
      Memory memory,
      Batch batch,
      double learningRate,
      Optional<DataSize> data) {
    this(model, adapter, memory, batch, learningRate, data, Optional.empty());
  }

  /**
   * Completions that are drawn together.
   *
   * @param completions of one prompt ({@code num_generations})
   * @param inRound of all prompts of a round
   * @param packedWeightBytes copies of linear layers' weights that decoding is faster with
   */
  public record Generation(int completions, int inRound, long packedWeightBytes) {}

  /**
   * What decides on memory besides the shapes.
   *
   * @param baseWeights how matrices of a frozen base are kept
   * @param products what operands of matrix products are rounded to
   * @param gradientCheckpointing whether backward computes blocks again that memory is not kept for
   * @param parameterVectors how many vectors of the trained parameters' size one process holds; see
   *     {@link TrainingMemory}
   * @param bfloat16 the engine, if products in bfloat16 were asked of it
   */
  public record Memory(
      DType baseWeights,
      DType products,
      boolean gradientCheckpointing,
      int parameterVectors,
      Optional<Engine> bfloat16) {

    /** Of a run on this engine. */
    public static Memory of(
        DType baseWeights,
        Precision precision,
        Engine engine,
        boolean gradientCheckpointing,
        int parameterVectors) {
      Engine computing = engine.withProductsIn(precision.products());
      return new Memory(
          baseWeights,
          precision.productsOn(engine),
          gradientCheckpointing,
          parameterVectors,
          precision.products() == DType.BFLOAT16 ? Optional.of(computing) : Optional.empty());
    }
  }

  /**
   * @param microBatchRows rows, or completions, that one forward sees ({@code
   *     per_device_train_batch_size})
   * @param rowsPerStep rows that one update sees, over all micro-batches and workers
   * @param maxRowTokens {@code max_length}; what a row can hold
   * @param maxSteps {@code max_steps}; not positive: the epochs decide
   * @param epochs {@code num_train_epochs}
   */
  public record Batch(
      int microBatchRows, int rowsPerStep, int maxRowTokens, int maxSteps, double epochs) {}

  /** Tokens of the largest micro-batch: as many rows as there are, all as long as the longest. */
  public long microBatchTokens() {
    return data.map(size -> Math.min(batch.microBatchRows, size.rows()) * size.longestRow())
        .orElse((long) batch.microBatchRows * batch.maxRowTokens);
  }

  /** Updates in all, where that is known. */
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
   * Target tokens that the run sees at least once. A token seen again brings nothing new, so epochs
   * after the first do not count.
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

  /**
   * A number of tokens.
   *
   * @param counted whether it is exact; else it is an upper bound
   */
  public record Tokens(long count, boolean counted) {}
}
