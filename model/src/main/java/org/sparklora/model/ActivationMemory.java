package org.sparklora.model;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.loss.CrossEntropyLoss;

/**
 * How much memory {@link AdapterStep#lossAndGradient} will hold for a batch, known before a weight
 * is read: the step itself runs, on an engine that only counts. Not counted are the tables of the
 * rotary embedding and what each thread of an engine works in, some megabytes together.
 */
public final class ActivationMemory {
  /** The longest batch that is run; a longer one grows by as much a token as half of this does. */
  private static final int LONGEST = 1 << 22;

  /** No longer than a rotary table is in any case. */
  private static final int DOCUMENT = 256;

  private ActivationMemory() {}

  /**
   * Bytes for the largest micro-batch, all of whose N tokens are targets.
   *
   * @param model the decoder's shape
   * @param adapter what is trained; empty for all weights
   * @param gradientCheckpointing whether backward may compute blocks again instead of keeping them
   * @param counting of {@link Engines#counting}, with the types of the engine that will compute
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
   * Bytes of the copies of weights that an {@link IncrementalDecoder} keeps, but for what rounds
   * each up to whole blocks.
   *
   * @param stored the type of the matrices that linear layers multiply by
   * @param engine that decodes
   */
  public static long packedWeights(DecoderConfig model, DType stored, Engine engine) {
    if (!engine.packsWeights(stored)) {
      return 0;
    }
    try (Engine counting = Engines.counting(DType.BFLOAT16, DType.FLOAT32);
        Decoder decoder = Decoder.unread(model, ParameterLayout.none(), counting);
        Tensor parameters = counting.allocate(0);
        PackedWeights packed = new PackedWeights(counting, true)) {
      decoder.bind(parameters, packed);
      boolean isFloat32 = !engine.packsWeights(DType.FLOAT32);
      return isFloat32 && packed.bytes() > PackedWeights.MOST_BESIDE_FLOAT32 ? 0 : packed.bytes();
    }
  }

  /**
   * @param blockBytes what the insides of blocks may take, of {@link Activations}
   */
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

  /** Passes a batch of so many tokens through a counting engine, forward and backward. */
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
