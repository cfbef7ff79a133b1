package org.sparklora.observe.estimate;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.sparklora.model.ActivationMemory;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.DType;

/**
 * Estimated peak GPU memory of the torch engine, in bytes by term; not yet measured on a GPU.
 *
 * <pre>
 * context      1 GiB, an assumption: CUDA's context and kernels, cuBLAS's workspace, the allocator's rounding
 * weights      the frozen weights: 2 bytes per element of a matrix in bfloat16, in memory or in the file; 0.56 in 4 bits; else 4; also a teacher's
 * parameters   the trained parameters, their gradient and AdamW's two moments, 4 bytes each; with completions also a micro-batch's gradient
 *              and other policies' parameters
 * activations  see {@link ActivationMemory}, in the type of products; includes the loss head's chunk
 * headChunk    part of the activations: logits of the rows computed at a time
 * cache        keys and values, in the type of products, of the completions in flight, at full length or in layers with a
 *              window as many as it sees, in pages whose number doubles; allocated together with the activations
 * </pre>
 */
public record GpuMemory(
    long context, long weights, long parameters, long activations, long headChunk, long cache) {
  private static final long CONTEXT = 1L << 30;
  private static final long BYTES_PER_GB = 1_000_000_000L;
  private static final String STORED_HALVED = "bfloat16";

  /** Tokens of a page of the key-value cache. */
  static final int PAGE = 16;

  /** Memory sizes of GPUs, GB: RTX 4090, L4 and A10; A100; A100 and H100; H200. */
  static final List<Integer> SIZES = List.of(24, 40, 80, 141);

  /** The memory of a planned run, with generation for {@code grpo}. */
  static GpuMemory of(PlannedRun run) {
    DecoderConfig model = run.model();
    boolean halved =
        run.memory().baseWeights() == DType.BFLOAT16 || model.dtype().equals(STORED_HALVED);
    DType weights = halved ? DType.BFLOAT16 : DType.FLOAT32;
    DType linear = run.memory().linearWeights() == DType.NF4 ? DType.NF4 : weights;
    ParameterLayout all = WeightLayout.of(model);
    long trained = run.adapter().map(ParameterLayout::size).orElseGet(all::size);
    long teacher = run.generation().map(PlannedRun.Generation::teacherBytes).orElse(0L);
    return new GpuMemory(
        CONTEXT,
        teacher + (run.adapter().isPresent() ? TrainingMemory.frozen(model, weights, linear) : 0),
        run.generation().map(of -> 5 + of.otherPolicies()).orElse(4) * trained * Float.BYTES,
        ActivationMemory.bytes(
            model,
            run.adapter(),
            run.memory().gradientCheckpointing(),
            Engines.counting(run.memory().products(), run.memory().products()),
            run.microBatchTokens()),
        Math.min(run.microBatchTokens(), Engine.usualLogitsRows(model.vocabSize()))
            * model.vocabSize()
            * Float.BYTES,
        cache(run, run.generation().map(PlannedRun.Generation::inFlight).orElse(0)));
  }

  /** Bytes of the key-value cache of some completions. */
  private static long cache(PlannedRun run, long inFlight) {
    long slots = 0; // of all layers
    for (DecoderConfig.Layer layer : run.model().layers()) {
      long taken = inFlight * TrainingMemory.slots(layer, run.batch().maxRowTokens());
      long pages = -Math.floorDiv(-taken, PAGE);
      slots += Long.highestOneBit(Math.max(0, 2 * pages - 1)) * PAGE;
    }
    return 2 * slots * run.model().heads().keyValueWidth() * run.memory().products().bytes();
  }

  /** The sum of all terms; {@code activations} include {@code headChunk}. */
  public long total() {
    return context + weights + parameters + activations + cache;
  }

  /** The {@link #SIZES} that suffice. */
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
