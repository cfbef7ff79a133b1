package org.sparklora.engine.torch;

import java.util.Optional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.global.torch;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Tensor;

/** A tensor of libtorch in host or device memory. Views are other shapes over the same storage. */
final class TorchTensor extends Tensor {
  private final Storage storage;
  private final boolean isOwner;
  private final long offset; // in elements

  private TorchTensor(Storage storage, boolean isOwner, long offset, DType dtype, long... shape) {
    super(dtype, shape);
    this.storage = storage;
    this.isOwner = isOwner;
    this.offset = offset;
  }

  /** The memory that a tensor and its views share. */
  static final class Storage {
    final TorchDevice device;
    final org.bytedeco.pytorch.Tensor flat; // all elements
    final Optional<HostTensor> host; // owner of the memory; empty on a device
    final Runnable free;
    volatile boolean isClosed;

    Storage(
        TorchDevice device,
        org.bytedeco.pytorch.Tensor flat,
        Optional<HostTensor> host,
        Runnable free) {
      this.device = device;
      this.flat = flat;
      this.host = host;
      this.free = free;
    }
  }

  /** The place of elements in a storage; equal for views of the same elements. */
  record Memory(Storage storage, long offset, long size) {}

  /** New memory, all zeros. */
  static TorchTensor allocate(TorchDevice device, DType dtype, long... shape) {
    device.allocates();
    if (!device.isApart()) {
      return over(device, HostTensor.allocate(dtype, shape));
    }
    TorchDevice.Allocation made = device.allocate(dtype, sizeOf(shape));
    Storage storage = new Storage(device, made.flat(), Optional.empty(), made.counted()::close);
    return new TorchTensor(storage, true, 0, dtype, shape);
  }

  /** A tensor over host memory, in place; closing it closes {@code host}. */
  static TorchTensor over(TorchDevice device, HostTensor host) {
    org.bytedeco.pytorch.Tensor flat = Scope.kept(() -> TorchDevice.over(host));
    Runnable free =
        () -> {
          flat.releaseReference();
          host.close();
        };
    Storage storage = new Storage(device, flat, Optional.of(host), free);
    return new TorchTensor(storage, true, 0, host.dtype(), host.shape());
  }

  static TorchTensor of(Tensor tensor) {
    return (TorchTensor) tensor;
  }

  /** The elements in rows of the last dimension, {@code (rows, columns)}. */
  org.bytedeco.pytorch.Tensor matrix() {
    return as(rows(), columns());
  }

  /** The elements in one dimension. */
  org.bytedeco.pytorch.Tensor flat() {
    return as(size());
  }

  /** The place of {@code count} elements, from this tensor's first on. */
  Memory memory(long count) {
    return new Memory(storage, offset, count);
  }

  /** Whether the storage has {@code count} elements from this tensor's first on. */
  boolean holds(long count) {
    return offset + count <= storage.flat.numel();
  }

  /** {@code x} in the type of y. */
  static org.bytedeco.pytorch.Tensor rounded(
      org.bytedeco.pytorch.Tensor x, org.bytedeco.pytorch.Tensor y) {
    torch.ScalarType type = y.scalar_type().intern();
    return x.scalar_type().intern() == type ? x : x.to(type);
  }

  /** The elements as a float32 matrix: in place, or a widened copy. */
  org.bytedeco.pytorch.Tensor wide() {
    return dtype() == DType.FLOAT32 ? matrix() : matrix().to(torch.ScalarType.Float);
  }

  /** The elements in another shape, in place; the scope frees the view. */
  org.bytedeco.pytorch.Tensor as(long... shape) {
    if (storage.isClosed) {
      throw new IllegalStateException(
          "Cannot use %s: its memory was freed by close()".formatted(this));
    }
    storage.device.uses(storage);
    return torch.as_strided(storage.flat, shape, stridesOf(shape), new LongOptional(offset));
  }

  @Override
  protected Tensor viewAt(long start, long... shape) {
    return new TorchTensor(storage, false, offset + start, dtype(), shape);
  }

  @Override
  public void read(long start, float[] destination, int from, int count) {
    checkRange(start, count);
    if (storage.host.isPresent()) {
      storage.host.get().read(offset + start, destination, from, count);
      return;
    }
    try (HostTensor copy = HostTensor.allocate(dtype(), count)) {
      Scope.ofCopies().run(() -> storage.device.fetch(part(start, count), copy));
      copy.read(0, destination, from, count);
    }
  }

  @Override
  public void write(long start, float[] source, int from, int count) {
    checkRange(start, count);
    if (storage.host.isPresent()) {
      storage.host.get().write(offset + start, source, from, count);
      return;
    }
    try (HostTensor copy = HostTensor.allocate(dtype(), count)) {
      copy.write(0, source, from, count);
      Scope.ofCopies().run(() -> storage.device.send(TorchDevice.over(copy), part(start, count)));
    }
  }

  private org.bytedeco.pytorch.Tensor part(long start, long count) {
    return flat().narrow(0, start, count);
  }

  @Override
  public void close() {
    if (isOwner && !storage.isClosed) {
      storage.isClosed = true;
      storage.free.run();
    }
  }
}
