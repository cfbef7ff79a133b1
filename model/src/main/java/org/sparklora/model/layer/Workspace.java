package org.sparklora.model.layer;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Memory for temporaries of one layer's forward or backward: one buffer for each {@link Buffer} and
 * type, grown to the largest request and reused. A lent buffer must be given back before it is lent
 * again, which assertions check; buffers of a single product are exempt.
 *
 * <p>Not thread-safe: one workspace serves one pass at a time.
 */
public final class Workspace implements AutoCloseable {

  /** The use of a buffer. */
  public enum Buffer {
    /** The input of attention or feed-forward, {@code (N, C)}. */
    NORMED,
    D_NORMED,
    /** The result of attention or feed-forward in blocks that normalise it, {@code (N, C)}. */
    SUBLAYER,
    D_SUBLAYER,
    /** f(gate) · up, {@code (N, F)}. */
    GATED,
    D_GATED,
    /** Rows of experts, {@code (M, C)}: their inputs, then their results. */
    ROUTED,
    D_ROUTED,
    /** The result of one expert of each token, {@code (N, C)}. */
    EXPERT,
    /** Weights of the rows of experts, {@code (M)}. */
    WEIGHTS,
    D_WEIGHTS,
    /** Gradient of the router's logits, {@code (N, E)}. */
    D_ROUTER,
    /** Heads after norm and rotation, in layers that keep them before both, {@code (N, H, D)}. */
    QUERY,
    KEY,
    D_QUERY,
    D_KEY,
    D_VALUE,
    /** Gradients of the heads before the norm of each head. */
    D_RAW_QUERY,
    D_RAW_KEY,
    D_ATTENTION,
    /** Gradient of x·Aᵀ, {@code (N, R)}. */
    D_LORA,
    /** Input of A after dropout, and later its gradient, {@code (N, in)}. */
    DROPPED,
    /** Operands of linear layers, {@code (N, in)} and {@code (N, out)}: see {@link #operand}. */
    OPERAND,
    D_OPERAND,
    /** The residual stream's gradient, {@code (N, C)}. */
    D_STREAM,
    /** Rows of the stream that carry a target, {@code (M, C)}. */
    HEAD_INPUT,
    D_HEAD_INPUT,
    HEAD_RSTD,
    HEAD_LORA,
    /** A chunk of logits, later of their gradient. */
    LOGITS
  }

  /** Buffers that each linear layer lends anew without giving them back. */
  private static final Set<Buffer> OF_A_PRODUCT =
      EnumSet.of(Buffer.OPERAND, Buffer.D_OPERAND, Buffer.D_LORA, Buffer.DROPPED);

  private final Engine engine;
  private final Map<Key, Tensor> buffers = new HashMap<>();
  private final Map<Buffer, Tensor> views = new EnumMap<>(Buffer.class); // last lent
  private final Set<Buffer> lent = EnumSet.noneOf(Buffer.class);

  private record Key(Buffer buffer, DType type) {}

  public Workspace(Engine engine) {
    this.engine = engine;
  }

  public Engine engine() {
    return engine;
  }

  /**
   * A float32 tensor with undefined contents, valid until it is given back; the last lent tensor if
   * the shape is equal.
   */
  public Tensor lend(Buffer buffer, long... shape) {
    return lend(buffer, DType.FLOAT32, shape);
  }

  /** Lends a tensor of any type with undefined contents, valid until it is given back. */
  public Tensor lend(Buffer buffer, DType type, long... shape) {
    boolean free = lent.add(buffer) || OF_A_PRODUCT.contains(buffer);
    assert free : buffer + " is lent already";
    Tensor last = views.get(buffer);
    if (last != null && last.dtype() == type && last.hasShape(shape)) {
      return last;
    }
    long size = Tensor.sizeOf(shape);
    Key key = new Key(buffer, type);
    Tensor memory = buffers.get(key);
    if (memory == null || memory.size() < size) {
      if (memory != null) {
        views.remove(buffer);
        buffers.remove(key).close(); // memory may not suffice for the old and the new buffer
      }
      memory = engine.allocate(type, size);
      buffers.put(key, memory);
    }
    Tensor view = memory.view(0, shape);
    views.put(buffer, view);
    return view;
  }

  /** {@link #lend} of {@link Engine#activationType}. */
  public Tensor lendActivation(Buffer buffer, long... shape) {
    return lend(buffer, engine.activationType(), shape);
  }

  /** {@link #lend} of {@link Engine#operandType} for this number of rows. */
  public Tensor lendOperand(Buffer buffer, long... shape) {
    return lend(buffer, engine.operandType(Math.toIntExact(shape[0])), shape);
  }

  /**
   * {@code x} in the operand type of products: x itself, or rounded into a buffer. Pass the result
   * to all layers that share this input, so that x is rounded only once.
   */
  public Tensor operand(Buffer buffer, Tensor x) {
    if (x.dtype() == engine.operandType(x.rows())) {
      return x;
    }
    Tensor rounded = lendOperand(buffer, x.rows(), x.columns());
    engine.copy(x, rounded);
    return rounded;
  }

  /** A tensor of zeros, valid until it is given back: for gradients, to which backward adds. */
  public Tensor lendZeros(Buffer buffer, long... shape) {
    Tensor zeros = lend(buffer, shape);
    engine.fill(zeros, 0);
    return zeros;
  }

  /** Ends the use of some buffers; contents stay until the buffers are lent again. */
  public void giveBack(Buffer... slots) {
    lent.removeAll(List.of(slots));
  }

  /** Ends the use of all buffers, for a new pass, even after a failed one. */
  public void reclaim() {
    lent.clear();
  }

  /** Bytes held: for each buffer those of the largest request so far. */
  public long bytes() {
    return buffers.values().stream().mapToLong(Tensor::bytes).sum();
  }

  @Override
  public void close() {
    buffers.values().forEach(Tensor::close);
    buffers.clear();
    views.clear();
    lent.clear();
  }
}
