package org.sparklora.model.layer;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Tensor;

/**
 * Memory for what lives no longer than one layer's forward or backward: one buffer for each {@link
 * Slot}, grown to the largest request and used again and again.
 *
 * <p>Not thread-safe: one workspace serves one pass at a time.
 */
public final class Workspace implements AutoCloseable {

  /** Who uses a buffer. Two users of one slot must not be active at the same time. */
  public enum Slot {
    /** The input of attention or feed-forward, {@code (N, C)}. */
    NORMED,
    D_NORMED,
    /** silu(gate) · up, {@code (N, F)}. */
    GATED,
    D_GATED,
    /** Heads after norm and rotation where a layer keeps them before, {@code (N, H, D)}. */
    QUERY,
    KEY,
    D_QUERY,
    D_KEY,
    D_VALUE,
    /** The same before the norm of each head. */
    D_RAW_QUERY,
    D_RAW_KEY,
    D_ATTENTION,
    /** Gradient of x·Aᵀ, {@code (N, R)}. */
    D_LORA,
    /** Input of A after dropout, and its gradient, {@code (N, in)}. */
    DROPPED,
    /** What linear layers multiply, {@code (N, in)} and {@code (N, out)}: see {@link #operand}. */
    OPERAND,
    D_OPERAND,
    /** The residual stream's gradient, {@code (N, C)}. */
    D_STREAM,
    /** Rows of the stream that carry a target, {@code (M, C)}. */
    HEAD_INPUT,
    D_HEAD_INPUT,
    HEAD_RSTD,
    HEAD_LORA,
    /** A chunk of logits, then of their gradient. */
    LOGITS
  }

  private final Engine engine;
  private final Map<Key, Tensor> buffers = new HashMap<>();
  private final Map<Slot, Tensor> lent = new EnumMap<>(Slot.class); // the last view of each

  private record Key(Slot slot, DType type) {}

  public Workspace(Engine engine) {
    this.engine = engine;
  }

  public Engine engine() {
    return engine;
  }

  /**
   * A float32 tensor with undefined contents, valid until the slot is lent again; the same as the
   * last time if it has this shape.
   */
  public Tensor lend(Slot slot, long... shape) {
    return lend(slot, DType.FLOAT32, shape);
  }

  /** The same of any type. */
  public Tensor lend(Slot slot, DType type, long... shape) {
    Tensor last = lent.get(slot);
    if (last != null && last.dtype() == type && last.hasShape(shape)) {
      return last;
    }
    long size = 1;
    for (long dimension : shape) {
      size *= dimension;
    }
    Key key = new Key(slot, type);
    Tensor buffer = buffers.get(key);
    if (buffer == null || buffer.size() < size) {
      if (buffer != null) {
        lent.remove(slot);
        buffers.remove(key).close(); // a larger one may not be had
      }
      buffer = engine.allocate(type, size);
      buffers.put(key, buffer);
    }
    Tensor view = buffer.view(0, shape);
    lent.put(slot, view);
    return view;
  }

  /** {@link #lend} of the type in which products of this matrix are computed. */
  public Tensor lendOperand(Slot slot, long... shape) {
    return lend(slot, engine.operandType(Math.toIntExact(shape[0])), shape);
  }

  /**
   * {@code x} as products multiply it: itself, or rounded once into a slot for all products that
   * follow. A layer that several share an input with is given what this returned.
   */
  public Tensor operand(Slot slot, Tensor x) {
    if (x.dtype() == engine.operandType(x.rows())) {
      return x;
    }
    Tensor rounded = lendOperand(slot, x.rows(), x.columns());
    engine.copy(x, rounded);
    return rounded;
  }

  /** A tensor of zeros, valid until the slot is lent again: for gradients, which are added to. */
  public Tensor lendZeros(Slot slot, long... shape) {
    Tensor zeros = lend(slot, shape);
    engine.fill(zeros, 0);
    return zeros;
  }

  /** Memory held: for each slot that of the largest request so far. */
  public long bytes() {
    return buffers.values().stream().mapToLong(t -> t.size() * t.dtype().bytes()).sum();
  }

  @Override
  public void close() {
    buffers.values().forEach(Tensor::close);
    buffers.clear();
    lent.clear();
  }
}
