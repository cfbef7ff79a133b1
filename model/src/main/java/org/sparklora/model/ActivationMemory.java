package org.sparklora.model;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.loss.CrossEntropyLoss;

/**
 * Predicts the memory that {@link AdapterStep#lossAndGradient} holds for a batch, without reading a
 * weight: runs the step on an engine that only counts. The rotary tables and the scratch memory of
 * the engine's threads, some megabytes together, are not counted.
 */
public final class ActivationMemory {
  /** Tokens of the largest counted batch; bytes of larger ones are extrapolated linearly. */
  private static final int LONGEST = 1 << 22;

  /** Tokens of each document in the counted batch; even the smallest rotary table covers them. */
  private static final int DOCUMENT = 256;

  private ActivationMemory() {}

  /**
   * Bytes for the largest micro-batch, all of whose N tokens are targets.
   *
   * @param adapter the trained adapter; empty for all weights
   * @param gradientCheckpointing whether backward may compute blocks again instead of keeping them
   * @param counting engine of {@link Engines#counting}, with the types of the computing engine
   */
  public static long bytes(
      DecoderConfig model,
      Optional<AdapterLayout> adapter,
      boolean gradientCheckpointing,
      Engine counting,
      long tokens) {
    return bytes(model, adapter, Activations.blockBytes(gradientCheckpointing), counting, tokens);
  }

  /**
   * Bytes of the copies of weights that an {@link IncrementalDecoder} of this engine keeps, without
   * the padding of each copy to whole blocks.
   *
   * @param head the type of the head's matrix
   * @param linear the type of the other matrices that linear layers multiply by
   */
  public static long packedWeights(DecoderConfig model, DType head, DType linear, Engine engine) {
    if (!engine.packsWeights(head)) {
      return 0;
    }
    long ofHead = (long) model.vocabSize() * model.hiddenSize();
    long ofOthers = model.linears().stream().mapToLong(of -> (long) of.in() * of.out()).sum();
    long bytes = (ofHead + ofOthers) * DType.BFLOAT16.bytes();
    boolean isFloat32 = !engine.packsWeights(DType.FLOAT32);
    if (isFloat32 && bytes > PackedWeights.MOST_BESIDE_FLOAT32) {
      return 0;
    }
    return engine.packsWeights(linear) ? bytes : ofHead * DType.BFLOAT16.bytes();
  }

  /** {@code blockBytes} may be taken by {@link Activations} for the inner activations of blocks. */
  static long bytes(
      DecoderConfig model,
      Optional<AdapterLayout> adapter,
      long blockBytes,
      Engine counting,
      long tokens) {
    if (tokens > LONGEST) {
      long half = bytes(model, adapter, blockBytes, counting, LONGEST / 2);
      long whole = bytes(model, adapter, blockBytes, counting, LONGEST);
      return whole + (tokens - LONGEST) * ((whole - half) / (LONGEST / 2));
    }
    return afterPass(
        model, adapter, blockBytes, counting, (int) tokens, AdapterStep::activationBytes);
  }

  /** Passes a batch of {@code tokens} through a counting engine, forward and backward. */
  static <T> T afterPass(
      DecoderConfig model,
      Optional<AdapterLayout> adapter,
      long blockBytes,
      Engine counting,
      int tokens,
      Function<AdapterStep, T> result) {
    ParameterLayout layout = adapter.isPresent() ? adapter.get() : WeightLayout.of(model);
    try (Decoder decoder = Decoder.unread(model, layout, counting);
        AdapterStep step = new AdapterStep(decoder, counting, blockBytes);
        Tensor parameters = counting.allocate(layout.size())) {
      step.lossAndGradient(parameters, batch(tokens), new CrossEntropyLoss(tokens), 0, parameters);
      return result.apply(step);
    }
  }

  private static PackedBatch batch(int tokens) {
    int[] lengths = new int[-Math.floorDiv(-tokens, DOCUMENT)];
    Arrays.fill(lengths, DOCUMENT);
    lengths[lengths.length - 1] = tokens - DOCUMENT * (lengths.length - 1);
    return new PackedBatch(new int[tokens], new int[tokens], Segments.ofLengths(lengths));
  }
}
