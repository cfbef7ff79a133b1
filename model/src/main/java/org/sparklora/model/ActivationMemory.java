package org.sparklora.model;

import java.util.Arrays;
import java.util.Optional;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.Projection;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.lora.AdapterLayout;

/**
 * How much memory {@link AdapterStep#lossAndGradient} will hold for a batch, known before a weight
 * is read: what {@code Activations} keeps, what {@code Workspace} lends and a chunk of logits.
 *
 * <p>In float32 numbers, with N tokens in a micro-batch:
 *
 * <pre>
 * streams     N · (L + 1)·C
 * blocks      N · (C + 2·(H + K)·D + H + 2·F + 2 + ΣR) of each layer; with checkpointing of the
 *             last ones, as far as 256 MiB go, but of one at least
 * workspace   N · (5·C + 2·F + 2·(H + K)·D + R + 1), and the widest adapted input with dropout
 * logits      rows of a chunk · V, 64 MiB at most as processors take them
 * </pre>
 *
 * A model with norms of query and key heads (Qwen3) keeps H + K more a layer and lends {@code 2·(H
 * + K)·D} more. Not counted are the tables of the rotary embedding and what each thread of the
 * engine works in, some megabytes together.
 *
 * @param model the decoder's shape
 * @param adapter what is trained; empty for all weights
 * @param blockBytes what the insides of blocks may take; those of one block are kept in any case
 */
public record ActivationMemory(
    DecoderConfig model, Optional<AdapterLayout> adapter, long blockBytes) {

  /**
   * What gradient checkpointing keeps all the same: each block that is kept is one that backward
   * need not compute again, and this much matters to no machine that holds the model.
   */
  static final long CHECKPOINTED_BYTES = 256L << 20;

  /** The insides of all blocks. */
  static final long UNLIMITED = Long.MAX_VALUE;

  /**
   * @param gradientCheckpointing whether backward may compute blocks again instead of keeping them
   */
  public static ActivationMemory of(
      DecoderConfig model, Optional<AdapterLayout> adapter, boolean gradientCheckpointing) {
    return new ActivationMemory(model, adapter, blockBytes(gradientCheckpointing));
  }

  static long blockBytes(boolean gradientCheckpointing) {
    return gradientCheckpointing ? CHECKPOINTED_BYTES : UNLIMITED;
  }

  /** How many blocks, the last ones, keep their insides for a micro-batch of N tokens. */
  int keptBlocks(long tokens) {
    long ofOne = Float.BYTES * Math.max(1, tokens) * sharedBlockColumns();
    return (int) Math.max(1, Math.min(model.numHiddenLayers(), blockBytes / ofOne));
  }

  /** Bytes for the largest micro-batch, all of whose N tokens are targets. */
  public long bytes(long tokens) {
    int layers = model.numHiddenLayers();
    long columns = (layers + 1L) * model.hiddenSize() + workspaceColumns();
    int kept = keptBlocks(tokens);
    for (int layer = 0; layer < kept; layer++) {
      columns += kept == layers ? blockColumns(layer) : sharedBlockColumns();
    }
    return Float.BYTES * (tokens * columns + headFloats(tokens));
  }

  private long blockColumns(int layer) {
    return blockColumnsWithoutAdapter()
        + Arrays.stream(Projection.values()).mapToLong(p -> rank(p.module(layer))).sum();
  }

  /** Of a block whose memory serves several layers, adapted or not. */
  private long sharedBlockColumns() {
    return blockColumnsWithoutAdapter() + (long) Projection.values().length * largestRank();
  }

  private long blockColumnsWithoutAdapter() {
    long heads = model.numAttentionHeads();
    long keyValueHeads = model.numKeyValueHeads();
    long headNorms = model.attention().queryKeyNorm() ? heads + keyValueHeads : 0;
    return model.hiddenSize()
        + 2 * (heads + keyValueHeads) * model.headDim()
        + heads
        + headNorms
        + 2L * model.intermediateSize()
        + 2;
  }

  private long workspaceColumns() {
    long query = (long) model.numAttentionHeads() * model.headDim();
    long keyOrValue = (long) model.numKeyValueHeads() * model.headDim();
    long normedHeads = model.attention().queryKeyNorm() ? 2 * (query + keyOrValue) : 0;
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
    long rows = Math.min(tokens, Engine.usualLogitsRows(model.vocabSize()));
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
