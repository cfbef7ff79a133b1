package org.sparklora.model.layer;

import java.util.EnumMap;
import java.util.Map;
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
  private final Map<Slot, Tensor> buffers = new EnumMap<>(Slot.class);
  private final Map<Slot, Tensor> lent = new EnumMap<>(Slot.class); // the last view of each

  public Workspace(Engine engine) {
    this.engine = engine;
  }

  public Engine engine() {
    return engine;
  }

  /**
   * A tensor with undefined contents, valid until the slot is lent again; the same as the last time
   * if it has this shape.
   */
  public Tensor lend(Slot slot, long... shape) {
    Tensor last = lent.get(slot);
    if (last != null && last.hasShape(shape)) {
      return last;
    }
    long size = 1;
    for (long dimension : shape) {
      size *= dimension;
    }
    Tensor buffer = buffers.get(slot);
    if (buffer == null || buffer.size() < size) {
      if (buffer != null) {
        lent.remove(slot);
        buffers.remove(slot).close(); // a larger one may not be had
      }
      buffer = engine.allocate(size);
      buffers.put(slot, buffer);
    }
    Tensor view = buffer.view(0, shape);
    lent.put(slot, view);
    return view;
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
