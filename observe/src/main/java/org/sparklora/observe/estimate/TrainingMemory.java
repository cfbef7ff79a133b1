package org.sparklora.observe.estimate;

import java.util.Optional;
import org.sparklora.model.ActivationMemory;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.Projection;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.lora.AdapterLayout;

/**
 * The peak memory of the training process (resident set, heap included), in bytes by term:
 *
 * <pre>
 * runtime      400 MiB: JVM, Spark's and our own heap, class data, native libraries
 * base         the frozen weights: 4 bytes each, 2 for matrices kept as bfloat16, 0.56 for those
 *              of linear layers in 4 bits
 * parameters   vectors of the trained parameters, 4 bytes per element, times the number of vectors
 * activations  see {@link ActivationMemory}
 * </pre>
 *
 * <p>Weights, parameters and activations lie outside the Java heap, which stays small: rows are in
 * a file, and the tokenizer and Spark's objects need 70 to 150 MB. {@code -Xmx} only bounds the
 * heap, not the peak. Preparing a large dataset in the same process can raise {@code runtime} by a
 * few hundred megabytes.
 *
 * <p>Vectors: DL4J holds the parameters, their gradient and AdamW's two moments, {@value
 * #VECTORS_ALONE} in all, and a single local worker trains the driver's own network. Each of
 * several local workers has a network beside the driver's. An executor of a cluster also holds the
 * broadcast (parameters and moments), serialised and as arrays.
 */
public record TrainingMemory(long runtime, long base, long parameters, long activations) {
  /** Parameters, gradient and two moments. */
  static final int VECTORS_ALONE = 4;

  /** Vectors in an executor of a cluster: its own, and six of the broadcast. */
  public static final int VECTORS_OF_AN_EXECUTOR = VECTORS_ALONE + 6;

  private static final long RUNTIME = 400L << 20;

  /** Vectors in this JVM, in local mode. */
  public static int localVectors(int workersOnTheirOwn) {
    return workersOnTheirOwn == 1 ? VECTORS_ALONE : VECTORS_ALONE * (1 + workersOnTheirOwn);
  }

  public static TrainingMemory of(PlannedRun run) {
    return of(run, run.adapter());
  }

  /** The memory of the run with another adapter; empty for full fine-tuning. */
  static TrainingMemory of(PlannedRun run, Optional<AdapterLayout> adapter) {
    long trained =
        adapter.map(ParameterLayout::size).orElseGet(() -> WeightLayout.of(run.model()).size());
    return new TrainingMemory(
        RUNTIME,
        adapter.isPresent()
            ? frozen(run.model(), run.memory().baseWeights(), run.memory().linearWeights())
            : 0,
        trained * Float.BYTES * run.memory().parameterVectors(),
        ActivationMemory.bytes(
            run.model(),
            adapter,
            run.memory().gradientCheckpointing(),
            Engines.counting(run.memory().products(), DType.FLOAT32),
            run.microBatchTokens()));
  }

  /** Bytes of the frozen weights; norms and biases are always float32. */
  public static long frozen(DecoderConfig model, DType matrices, DType linear) {
    long bytes = 0;
    for (ParameterLayout.Entry entry : WeightLayout.of(model).entries()) {
      DType matrix = Projection.isMatrix(entry.name()) ? linear : matrices;
      bytes += (entry.shape().length == 2 ? matrix : DType.FLOAT32).bytes(entry.size());
    }
    return bytes;
  }

  /** Most cache slots of a text in a layer: with a window those of its tokens and two pages. */
  static long slots(DecoderConfig.Layer layer, long tokens) {
    return Math.min(tokens, layer.window() + 2L * GpuMemory.PAGE);
  }

  public long total() {
    return runtime + base + parameters + activations;
  }
}
