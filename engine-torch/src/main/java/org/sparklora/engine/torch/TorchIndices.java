package org.sparklora.engine.torch;

import java.nio.LongBuffer;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.sparklora.model.engine.Indices;
import org.sparklora.model.engine.NativeMemory;

/** Indices in libtorch's memory, int64 as its operators want them. */
final class TorchIndices extends Indices {
  private final Tensor all;
  private final int start;
  private final Optional<NativeMemory> owned;

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

  /** These, {@code (count)}, in place; of the scope. */
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
    return new Scope(1).of(() -> ints(at(this)));
  }

  /** Brings whole numbers to this process. */
  private static int[] ints(Tensor longs) {
    LongBuffer values = longs.cpu().contiguous().createBuffer();
    int[] ints = new int[values.remaining()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = Math.toIntExact(values.get(i));
    }
    return ints;
  }

  @Override
  public void close() {
    owned.ifPresent(NativeMemory::close);
  }
}
