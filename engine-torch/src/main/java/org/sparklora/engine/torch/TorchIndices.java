package org.sparklora.engine.torch;

import java.nio.LongBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.NativeMemory;

/** Indices in libtorch's memory, int64 as its operators need. */
final class TorchIndices extends Indices {
  private final Tensor all;
  private final int start;
  private final Optional<NativeMemory> owned;
  private Angles angles; // null until the first rotation

  private TorchIndices(Tensor all, int start, Optional<NativeMemory> owned, int count, int bound) {
    super(count, bound);
    this.all = all;
    this.start = start;
    this.owned = owned;
  }

  static TorchIndices of(TorchDevice device, int[] values, int bound) {
    TorchDevice.Allocation made = device.indices(values);
    return new TorchIndices(made.flat(), 0, Optional.of(made.counted()), values.length, bound);
  }

  /** Indices in a part of a flat tensor, which they do not own. */
  static TorchIndices over(Tensor all, int start, int count, int bound) {
    return new TorchIndices(all, start, Optional.empty(), count, bound);
  }

  static TorchIndices of(Indices indices) {
    return (TorchIndices) indices;
  }

  /**
   * Rows of a rotary embedding's tables, as wide as a head, {@code (N, 1, D)}: each cosine twice,
   * each sine twice, in the first half negative.
   */
  record Angles(TorchTensor from, Tensor cos, Tensor sin) {}

  /** The angles of these positions, kept for all layers. */
  synchronized Angles angles(TorchTensor cos, TorchTensor sin) {
    if (angles == null || angles.from != cos) {
      forget();
      angles = new Angles(cos, Scope.kept(() -> ofHead(cos, 1)), Scope.kept(() -> ofHead(sin, -1)));
    }
    return angles;
  }

  private Tensor ofHead(TorchTensor table, int signOfFirst) {
    Tensor rows = torch.index_select(table.matrix(), 0, at(this));
    Tensor first = signOfFirst < 0 ? rows.neg() : rows;
    return torch.cat(new TensorVector(first, rows), 1).unsqueeze(1);
  }

  private void forget() {
    if (angles != null) {
      angles.cos.releaseReference();
      angles.sin.releaseReference();
      angles = null;
    }
  }

  /** The indices as a tensor {@code (count)}, in place; the scope frees it. */
  static Tensor at(Indices indices) {
    TorchIndices own = (TorchIndices) indices;
    return own.all.narrow(0, own.start, own.count());
  }

  @Override
  public TorchIndices part(int from, int to) {
    Objects.checkFromToIndex(from, to, count());
    return new TorchIndices(all, start + from, Optional.empty(), to - from, bound());
  }

  @Override
  public int[] toArray() {
    return Scope.ofCopies().of(() -> ints(at(this)));
  }

  /** Copies whole numbers to a Java array. */
  private static int[] ints(Tensor longs) {
    LongBuffer values = longs.cpu().contiguous().createBuffer();
    return IntStream.range(0, values.remaining())
        .map(i -> Math.toIntExact(values.get(i)))
        .toArray();
  }

  @Override
  public void close() {
    forget();
    owned.ifPresent(NativeMemory::close);
  }
}
