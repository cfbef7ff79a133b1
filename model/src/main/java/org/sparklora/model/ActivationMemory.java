package org.sparklora.model;

import java.util.Arrays;
import java.util.Optional;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.Projection;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.lora.AdapterLayout;

/**
 * How much memory {@link AdapterStep#lossAndGradient} will hold for a batch, known before a weight
 * is read: what {@code Activations} keeps, what {@code Workspace} lends and a chunk of logits.
 *
 * <p>In float32 numbers, with N tokens in a micro-batch:
 *
 * <pre>
 * streams     N · (L + 1)·C
 * blocks      N · (C + 2·(H + K)·D + H + 2·F + 2 + ΣR) of each layer; of one with checkpointing
 * workspace   N · (5·C + 2·F + 2·(H + K)·D + R + 1), and the widest adapted input with dropout
 * logits      rows of a chunk · V, 64 MiB at most
 * </pre>
 *
 * A model with norms of query and key heads (Qwen3) keeps H + K more a layer and lends {@code 2·(H
 * + K)·D} more. Not counted are the tables of the rotary embedding and what each thread of the
 * kernels works in, some megabytes together.
 *
 * @param model the decoder's shape
 * @param adapter what is trained; empty for all weights
 * @param gradientCheckpointing whether only the blocks' inputs are kept
 */
public record ActivationMemory(
    DecoderConfig model, Optional<AdapterLayout> adapter, boolean gradientCheckpointing) {

  /** Bytes for the largest micro-batch, all of whose N tokens are targets. */
  public long bytes(long tokens) {
    long layers = model.numHiddenLayers();
    long columns = (layers + 1) * model.hiddenSize() + workspaceColumns();
    for (int layer = 0; layer < (gradientCheckpointing ? 1 : layers); layer++) {
      columns += blockColumns(layer);
    }
    return Float.BYTES * (tokens * columns + headFloats(tokens));
  }

  private long blockColumns(int layer) {
    long heads = model.numAttentionHeads();
    long keyValueHeads = model.numKeyValueHeads();
    long headNorms = model.queryKeyNorm() ? heads + keyValueHeads : 0;
    long ranks =
        gradientCheckpointing
            ? (long) Projection.values().length * largestRank() // all layers share these
            : Arrays.stream(Projection.values()).mapToLong(p -> rank(p.module(layer))).sum();
    return model.hiddenSize()
        + 2 * (heads + keyValueHeads) * model.headDim()
        + heads
        + headNorms
        + 2L * model.intermediateSize()
        + 2
        + ranks;
  }

  private long workspaceColumns() {
    long query = (long) model.numAttentionHeads() * model.headDim();
    long keyOrValue = (long) model.numKeyValueHeads() * model.headDim();
    long normedHeads = model.queryKeyNorm() ? 2 * (query + keyOrValue) : 0;
    // normed and its gradient, the stream's gradient, rows with targets and their gradient, rstd
    return 5L * model.hiddenSize()
        + 1
        + 2L * model.intermediateSize()
        + 2 * (query + keyOrValue)
        + normedHeads
        + largestRank()
        + droppedColumns();
  }

  /** A copy of the input of A, where dropout changes it. */
  private long droppedColumns() {
    if (adapter.isEmpty() || adapter.get().config().dropout() == 0) {
      return 0;
    }
    return adapter.get().modules().stream()
        .mapToLong(module -> adapter.get().factors(module).orElseThrow().in())
        .max()
        .orElse(0);
  }

  private long headFloats(long tokens) {
    long rows = Math.min(tokens, LossHead.chunkRows(model.vocabSize()));
    return rows * (model.vocabSize() + rank(WeightNames.HEAD_MODULE));
  }

  private long rank(String module) {
    return adapter
        .flatMap(layout -> layout.factors(module))
        .map(AdapterLayout.Factors::rank)
        .orElse(0);
  }

  private long largestRank() {
    return adapter.map(layout -> layout.config().rank()).orElse(0);
  }
}
