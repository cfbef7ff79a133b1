package org.sparklora.spark.regret;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.sparklora.model.ActivationMemory;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.generate.Generator;

/**
 * The memory of a GPU that the torch engine takes at its peak, in bytes by term. Not measured: no
 * GPU has run this.
 *
 * <pre>
 * context      1 GiB, an assumption: CUDA's context and kernels, cuBLAS's workspace, what the allocator rounds up
 * weights      the frozen ones: 2 bytes of a matrix that is kept, or stored, as bfloat16; else 4
 * parameters   the trained ones, their gradient and AdamW's two moments, 4 bytes each; with completions a micro-batch's own gradient too
 * activations  see {@link ActivationMemory}, what is kept for backward in the type of products; with them the loss head's chunk
 * headChunk    of the activations: logits of as many rows as are computed at a time
 * cache        keys and values, in the type of products, of as many completions as are in flight, at their full length, in pages whose number
 *              doubles; they and the activations stay beside each other
 * </pre>
 */
public record GpuMemory(
    long context, long weights, long parameters, long activations, long headChunk, long cache) {
  private static final long CONTEXT = 1L << 30;
  private static final long BYTES_PER_GB = 1_000_000_000L;
  private static final int PAGE = 16;
  private static final String STORED_HALVED = "bfloat16";

  /** What GPUs have, GB: RTX 4090, L4 and A10; A100; A100 and H100; H200. */
  static final List<Integer> SIZES = List.of(24, 40, 80, 141);

  /** Training as planned, and drawing if it does. */
  static GpuMemory of(PlannedRun run) {
    DecoderConfig model = run.model();
    boolean halved =
        run.memory().baseWeights() == DType.BFLOAT16 || model.dtype().equals(STORED_HALVED);
    ParameterLayout all = WeightLayout.of(model);
    long trained = run.adapter().map(ParameterLayout::size).orElseGet(all::size);
    return new GpuMemory(
        CONTEXT,
        run.adapter().isPresent()
            ? TrainingMemory.frozen(model, halved ? DType.BFLOAT16 : DType.FLOAT32)
            : 0,
        (run.generation().isPresent() ? 5 : 4) * trained * Float.BYTES,
        ActivationMemory.bytes(
            model,
            run.adapter(),
            run.memory().gradientCheckpointing(),
            Engines.counting(run.memory().products(), run.memory().products()),
            run.microBatchTokens()),
        Math.min(run.microBatchTokens(), Engine.usualLogitsRows(model.vocabSize()))
            * model.vocabSize()
            * Float.BYTES,
        run.generation().map(generation -> cache(run, generation)).orElse(0L));
  }

  /** All completions of a prompt are in flight together. */
  private static long cache(PlannedRun run, PlannedRun.Generation generation) {
    int completions = generation.completions();
    int together = Math.max(completions, Generator.DEFAULT_ROWS / completions * completions);
    long slots = (long) Math.min(together, generation.inRound()) * run.batch().maxRowTokens();
    long pages = Math.max(1, -Math.floorDiv(-slots, PAGE));
    long doubled = Long.highestOneBit(2 * pages - 1);
    return doubled
        * PAGE
        * TrainingMemory.keysAndValues(run.model())
        * run.memory().products().bytes();
  }

  /** All of it. */
  public long total() {
    return context + weights + parameters + activations + cache;
  }

  /** The sizes that suffice, GB. */
  List<Integer> fitting() {
    return SIZES.stream().filter(size -> total() <= size * BYTES_PER_GB).toList();
  }

  /** Such as {@code fits 40, 80 and 141 GB}. */
  String fit() {
    List<Integer> sizes = fitting();
    if (sizes.isEmpty()) {
      return "fits no GPU of " + joined(SIZES, "or") + " GB";
    }
    return "fits " + joined(sizes, "and") + " GB";
  }

  private static String joined(List<Integer> sizes, String last) {
    String[] words = sizes.stream().map(String::valueOf).toArray(String[]::new);
    if (words.length == 1) {
      return words[0];
    }
    return Arrays.stream(words).limit(words.length - 1L).collect(Collectors.joining(", "))
        + " %s %s".formatted(last, words[words.length - 1]);
  }
}
