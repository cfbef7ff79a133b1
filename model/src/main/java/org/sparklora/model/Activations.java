package org.sparklora.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.sparklora.model.DecoderBlock.SublayerNorms;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.ModelFamily.NormPlace;
import org.sparklora.model.checkpoint.Projection;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.FeedForward;
import org.sparklora.model.layer.GatedFeedForward;
import org.sparklora.model.layer.GroupedQueryAttention;
import org.sparklora.model.layer.LoraLinear;
import org.sparklora.model.layer.RoutedFeedForward;
import org.sparklora.model.layer.RouterLoad;
import org.sparklora.model.lora.AdapterLayout;

/**
 * The activations that forward keeps for backward, allocated once for the largest batch seen and
 * lent as views. Cheap ones are never kept but computed again: normed inputs, f(gate) · up, Qwen3's
 * normed heads, dropout masks.
 *
 * <p>Elements per token and layer: C for the block's input, and for its inner activations C + 2·(H
 * + K)·D + H + 2·F + 2, plus R for each adapter, C + 1 for each norm after attention or
 * feed-forward, and H + K or 2 for norms of heads; with a mixture of experts k times F and R, and E
 * for the router. Statistics of the softmax and the norms, and router logits, are float32; gate, up
 * and an R from {@link LoraLinear#LEAST_ROUNDED} on are of {@link Engine#operandType} outside of
 * experts; all others are of {@link Engine#activationType}. Inputs are kept for all blocks, inner
 * activations for as many of the last blocks as fit; backward recomputes the inner activations of
 * the other blocks, one block at a time (Chen et al., 2016: gradient checkpointing).
 *
 * <p>Not thread-safe: one pass at a time.
 */
final class Activations implements AutoCloseable {
  /**
   * Bytes of inner activations that gradient checkpointing keeps nevertheless: backward need not
   * recompute a kept block, and every host that holds the model can spare this much memory.
   */
  static final long CHECKPOINTED_BYTES = 256L << 20;

  /** Keeps the inner activations of all blocks. */
  static final long UNLIMITED = Long.MAX_VALUE;

  private final Decoder decoder;
  private final Engine engine;
  private final boolean backward; // else only the end of the stream is kept
  private final long blockBytes;
  private final Map<Place, Tensor> owned = new HashMap<>();
  private List<Tensor> streams = List.of();
  private List<DecoderBlock.Saved> blocks = List.of();
  private int capacity = 0;
  private int keptBlocks = 0; // the last blocks of the model
  private final RouterLoad routers = new RouterLoad();
  private int reserved = 0; // tokens that the views hold
  private DType operands = DType.FLOAT32; // of products of so many tokens

  private Activations(Decoder decoder, Engine engine, boolean backward, long blockBytes) {
    this.decoder = decoder;
    this.engine = engine;
    this.backward = backward;
    this.blockBytes = blockBytes;
  }

  static long blockBytes(boolean gradientCheckpointing) {
    return gradientCheckpointing ? CHECKPOINTED_BYTES : UNLIMITED;
  }

  /** Keeps what backward needs, inner activations in {@code blockBytes}, or those of one block. */
  static Activations forBackward(Decoder decoder, Engine engine, long blockBytes) {
    return new Activations(decoder, engine, true, blockBytes);
  }

  /** Keeps only the end of the stream: no backward will follow. */
  static Activations forForwardAlone(Decoder decoder, Engine engine) {
    return new Activations(decoder, engine, false, 0);
  }

  /**
   * Returns the activations of a batch of N tokens; the views of earlier calls share their memory.
   * A call with the same number of tokens as the last, as in decoding, reuses all views.
   */
  Activations reserve(int tokens) {
    if (tokens == reserved) {
      return this;
    }
    if (tokens > capacity || engine.operandType(tokens) != operands) {
      close();
      capacity = tokens;
      operands = engine.operandType(tokens);
      keptBlocks = backward ? blocksThatFit() : 1;
    }
    DecoderConfig config = decoder.config();
    Lender lender = new Lender(engine, owned, tokens);
    streams = new ArrayList<>();
    for (int i = 0; i < (backward ? config.numHiddenLayers() + 1 : 1); i++) {
      streams.add(lender.lend(config.hiddenSize()));
    }
    blocks = new ArrayList<>();
    int firstOfBlock = lender.next;
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      if (layer <= firstKept()) {
        lender.next = firstOfBlock; // unkept blocks share the first kept one
      }
      blocks.add(block(lender, config, layer));
    }
    reserved = tokens;
    return this;
  }

  /** The number of blocks whose inner activations fit, each block at the largest adapter rank. */
  private int blocksThatFit() {
    int layers = decoder.config().numHiddenLayers();
    keptBlocks = 0;
    Map<Place, Tensor> counted = new HashMap<>();
    Engine counting = Engines.counting(DType.FLOAT32, engine.activationType());
    block(new Lender(counting, counted, capacity), decoder.config(), layers - 1);
    return (int) Math.max(1, Math.min(layers, blockBytes / bytes(counted.values())));
  }

  /** The residual stream before a layer, {@code (N, C)}; layer L means the end of the stream. */
  Tensor stream(int layer) {
    return streams.get(backward ? layer : 0);
  }

  RouterLoad routers() {
    return routers;
  }

  DecoderBlock.Saved block(int layer) {
    return blocks.get(layer);
  }

  /** Whether the layer's {@link #block} keeps forward's activations until backward. */
  boolean holds(int layer) {
    return layer >= firstKept();
  }

  private int firstKept() {
    return decoder.config().numHiddenLayers() - keptBlocks;
  }

  /** Memory held, for the largest batch so far. */
  long bytes() {
    return bytes(owned.values());
  }

  private static long bytes(Collection<Tensor> tensors) {
    return tensors.stream().mapToLong(Tensor::bytes).sum();
  }

  private DecoderBlock.Saved block(Lender lender, DecoderConfig config, int layer) {
    Heads heads = config.heads();
    return new DecoderBlock.Saved(
        norms(lender, config, NormPlace.AFTER_ATTENTION),
        new GroupedQueryAttention.Saved(
            lender.lend(heads.queryWidth()),
            lender.lend(heads.keyValueWidth()),
            lender.lend(heads.keyValueWidth()),
            lender.lend(heads.queryWidth()),
            lender.lend(DType.FLOAT32, heads.query()),
            new GroupedQueryAttention.Inner(
                lendHeadNorms(lender, heads.queryWidth(), config.headNorm(Projection.QUERY)),
                lendHeadNorms(lender, heads.keyValueWidth(), config.headNorm(Projection.KEY)),
                lender.lendForAdapter(Projection.QUERY.module(layer)),
                lender.lendForAdapter(Projection.KEY.module(layer)),
                lender.lendForAdapter(Projection.VALUE.module(layer)),
                lender.lendForAdapter(Projection.OUTPUT.module(layer)))),
        backward ? lender.lend(config.hiddenSize()) : streams.get(0), // added to the stream
        norms(lender, config, NormPlace.AFTER_FEED_FORWARD),
        feedForward(lender, config, layer));
  }

  /** Blocks may share memory, so each lends that of both kinds if only some have experts. */
  private FeedForward.Saved feedForward(Lender lender, DecoderConfig config, int layer) {
    Optional<FeedForward.Saved> routed =
        config.experts().map(experts -> routed(lender, experts, layer));
    boolean hasDense = config.layers().stream().anyMatch(any -> any.experts().isEmpty());
    int features = hasDense ? config.intermediateSize() : 0;
    FeedForward.Saved dense = gated(lender, operands, 1, features, each -> each.module(layer));
    return config.layers().get(layer).experts().flatMap(experts -> routed).orElse(dense);
  }

  /** Rows of experts are never operands: each expert has its own number of them. */
  private FeedForward.Saved routed(Lender lender, DecoderConfig.Experts experts, int layer) {
    DType type = engine.activationType();
    int features = experts.intermediateSize();
    return new RoutedFeedForward.Saved(
        lender.lend(DType.FLOAT32, experts.count()),
        lender.lendForAdapter(WeightNames.router(layer)),
        gated(lender, type, experts.active(), features, each -> each.module(layer, 0)),
        routers);
  }

  /** Tensors of a gated feed-forward layer with {@code rows} rows a token. */
  private static GatedFeedForward.Saved gated(
      Lender lender, DType type, int rows, int features, Function<Projection, String> module) {
    return new GatedFeedForward.Saved(
        lender.lend(type, rows, features, features),
        lender.lend(type, rows, features, features),
        lender.lendForAdapter(type, rows, module.apply(Projection.GATE)),
        lender.lendForAdapter(type, rows, module.apply(Projection.UP)),
        lender.lendForAdapter(type, rows, module.apply(Projection.DOWN)));
  }

  private static SublayerNorms.Saved norms(Lender lender, DecoderConfig config, NormPlace after) {
    int follows = config.norm(after, 0).isPresent() ? 1 : 0;
    return new SublayerNorms.Saved(
        lender.lend(DType.FLOAT32, 1),
        lender.lend(follows * config.hiddenSize()),
        lender.lend(DType.FLOAT32, follows));
  }

  /** Lends a number for each norm of {@code norm} elements in {@code width}; none if it is 0. */
  private static Tensor lendHeadNorms(Lender lender, int width, int norm) {
    return lender.lend(DType.FLOAT32, norm == 0 ? 0 : width / norm);
  }

  @Override
  public void close() {
    owned.values().forEach(Tensor::close);
    owned.clear();
    capacity = 0;
    reserved = 0;
  }

  /**
   * A buffer's number in the order of lending, and the type of its elements: blocks that share
   * memory may have adapters of several types.
   */
  private record Place(int number, DType type) {}

  /** Lends views of buffers in a fixed order; allocates a buffer when it is first lent. */
  private final class Lender {
    private final Engine engine;
    private final Map<Place, Tensor> buffers;
    private final int tokens;
    private int next = 0;

    Lender(Engine engine, Map<Place, Tensor> buffers, int tokens) {
      this.engine = engine;
      this.buffers = buffers;
      this.tokens = tokens;
    }

    Tensor lend(int columns) {
      return lend(engine.activationType(), columns);
    }

    Tensor lend(DType type, int columns) {
      return lend(type, 1, columns, columns);
    }

    Tensor lendForAdapter(String module) {
      return lendForAdapter(operands, 1, module);
    }

    /** Allocates for the largest rank where layers with and without an adapter share memory. */
    Tensor lendForAdapter(DType ofLargeRank, int rows, String module) {
      int rank = 0;
      int largest = 0;
      if (decoder.layout() instanceof AdapterLayout adapter) {
        rank = adapter.factors(module).map(AdapterLayout.Factors::rank).orElse(0);
        largest = adapter.largestRank();
      }
      DType type = rank < LoraLinear.LEAST_ROUNDED ? engine.activationType() : ofLargeRank;
      return lend(type, rows, rank, firstKept() == 0 ? rank : largest);
    }

    /** Lends {@code rows} rows a token. */
    Tensor lend(DType type, int rows, int columns, int allocatedColumns) {
      return buffers
          .computeIfAbsent(
              new Place(next++, type),
              place -> engine.allocate(type, (long) capacity * rows, allocatedColumns))
          .view(0, (long) tokens * rows, columns);
    }
  }
}
