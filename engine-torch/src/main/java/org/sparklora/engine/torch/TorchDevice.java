package org.sparklora.engine.torch;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.HostTensor;
import org.sparklora.model.engine.NativeMemory;

/**
 * Where tensors lie and operators run: this process's memory, or one GPU's. For tests there is a
 * third, on processors, which keeps tensors apart from this process's as a GPU does; so what has
 * not run yet is only what stands behind {@link #isCuda}.
 *
 * <p>A GPU computes behind the caller's back, in order. Copies to it do not wait; whoever reads
 * from it waits, in {@link #await}, for all that was asked for before.
 *
 * <p>Thread-safe.
 */
final class TorchDevice {
  /** OpenBLAS's kernels take up to 8 rows alike; of 12 or more some are summed in another way. */
  private static final int BLOCK_OF_PROCESSORS = 8;

  /** A GPU reads a weight for many rows at once. */
  private static final int BLOCK_OF_GPUS = 128;

  /** Elements that are sent at a time: 64 MiB of them. */
  static final int PART = 1 << 24;

  private final Device device;
  private final boolean isCuda;
  private final boolean isApart;
  private final String name;
  private final Optional<Recorder> recorder;
  private final AtomicLong allocations = new AtomicLong();
  private Set<TorchTensor.Storage> used; // null unless somebody asks
  private long asked = 0; // copies to this process, guarded by this
  private long arrived = 0; // those that are known to be there

  private TorchDevice(
      Device device, boolean isCuda, boolean isApart, String name, Optional<Recorder> recorder) {
    device.retainReference(); // also where somebody's scope is open
    this.recorder = recorder;
    this.device = device;
    this.isCuda = isCuda;
    this.isApart = isApart;
    this.name = name;
  }

  /** This process's memory. */
  static TorchDevice ofProcessors() {
    return new TorchDevice(
        new Device(DeviceType.CPU), false, false, "processors", Optional.empty());
  }

  /** For tests: processors whose tensors are not in this process's memory. */
  static TorchDevice ofProcessorsApart(Optional<Recorder> recorder) {
    return new TorchDevice(new Device(DeviceType.CPU), false, true, "processors, apart", recorder);
  }

  /**
   * The GPU that CUDA gives a number.
   *
   * @param name for logs
   */
  static TorchDevice ofGpu(int number, String name) {
    byte index = (byte) number;
    return new TorchDevice(
        new Device(DeviceType.CUDA, index), true, true, name, CudaGraphs.of(number));
  }

  boolean isCuda() {
    return isCuda;
  }

  /** What records operators, if this device can. */
  Optional<Recorder> recorder() {
    return recorder;
  }

  /** Tensors that have been allocated so far. */
  long allocations() {
    return allocations.get();
  }

  void allocates() {
    allocations.incrementAndGet();
  }

  /** The tensors that operators use, whose engine nobody else may use meanwhile. */
  Set<TorchTensor.Storage> usedBy(Runnable operators) {
    Set<TorchTensor.Storage> all = Collections.newSetFromMap(new IdentityHashMap<>());
    used = all;
    try {
      operators.run();
    } finally {
      used = null;
    }
    return all;
  }

  void uses(TorchTensor.Storage storage) {
    if (used != null) {
      used.add(storage);
    }
  }

  /** Whether tensors lie in memory that is not this process's. */
  boolean isApart() {
    return isApart;
  }

  /** Rows of one product of few rows, always so many: its shape decides how a library sums. */
  int blockOfRows() {
    return isCuda ? BLOCK_OF_GPUS : BLOCK_OF_PROCESSORS;
  }

  static ScalarType scalarType(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> ScalarType.Float;
      case BFLOAT16 -> ScalarType.BFloat16;
      case FLOAT16 -> ScalarType.Half;
    };
  }

  /** A type of numbers on this device. */
  TensorOptions options(ScalarType type) {
    return new TensorOptions(type).device(new DeviceOptional(device));
  }

  /** New memory of zeros on the device, flat; counted, and freed by what is returned. */
  Allocation allocate(DType dtype, long size) {
    Tensor flat = Scope.kept(() -> torch.zeros(new long[] {size}, options(scalarType(dtype))));
    return new Allocation(
        flat, NativeMemory.ofLibrary(size * dtype.bytes(), flat::releaseReference));
  }

  /** Copies whole numbers to the device, int64. */
  Allocation indices(int[] values) {
    long[] wide = new long[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    Tensor flat = Scope.kept(() -> longs(wide));
    return new Allocation(
        flat, NativeMemory.ofLibrary((long) Long.BYTES * wide.length, flat::releaseReference));
  }

  /** Whole numbers on the device, of the scope. */
  Tensor longs(long... values) {
    Tensor host = Tensor.create(values, values.length);
    return isApart ? sent(host, ScalarType.Long) : host;
  }

  /** Numbers on the device, of the scope. */
  Tensor doubles(double... values) {
    Tensor host = Tensor.create(values, values.length);
    return isApart ? sent(host, ScalarType.Double) : host;
  }

  private Tensor sent(Tensor host, ScalarType type) {
    return host.to(device, type, true, true, new MemoryFormatOptional());
  }

  /**
   * {@code y = x}, from this process to the device, both in one dimension; x may change when this
   * returns. It goes in parts through pinned memory, which libtorch lends again when a part has
   * arrived: a GPU reads that at the speed of its bus, any other memory at a fraction of it.
   */
  void send(Tensor x, Tensor y) {
    for (long from = 0; from < x.numel(); from += PART) {
      long first = from;
      long count = Math.min(PART, x.numel() - from);
      Scope.part(
          () -> {
            Tensor pinned = pinned(count, x.scalar_type());
            pinned.copy_(x.narrow(0, first, count));
            y.narrow(0, first, count).copy_(pinned, true);
          });
    }
  }

  /** The same of whole numbers, to int64. */
  void send(long[] values, Tensor y) {
    send(Tensor.create(values, values.length), y);
  }

  /** {@code x}, copied to pinned memory of this process; waits. Of the scope. */
  Tensor fetched(Tensor x) {
    Tensor pinned = pinned(x.numel(), x.scalar_type());
    pinned.copy_(x, true);
    await(ask());
    return pinned;
  }

  private Tensor pinned(long count, ScalarType type) {
    TensorOptions usual = new TensorOptions(type);
    TensorOptions here = isCuda ? usual.pinned_memory(new BoolOptional(true)) : usual;
    return torch.empty(new long[] {count}, here, new MemoryFormatOptional());
  }

  /**
   * Begins to bring a tensor to this process.
   *
   * @param x float64, in one dimension
   */
  Arriving bring(Tensor x) {
    Tensor copy = Scope.kept(() -> pinned(x.numel(), ScalarType.Double));
    copy.copy_(x, true);
    return new Arriving(this, copy, ask());
  }

  private synchronized long ask() {
    return ++asked;
  }

  /**
   * Waits for a copy, and so for all that was asked for before it; not if somebody has waited
   * since.
   */
  synchronized void await(long number) {
    if (number > arrived) {
      synchronize();
      arrived = asked;
    }
  }

  /** The one place where this process waits for a device. */
  private void synchronize() {
    if (isCuda) {
      torch.cuda_synchronize(device.index());
    }
  }

  /** Numbers in this process as a flat tensor, which is valid as long as they are. */
  static Tensor over(HostTensor host) {
    Pointer memory = new BytePointer(host.elements());
    long[] size = {host.size()};
    return torch.from_blob(memory, size, new TensorOptions(scalarType(host.dtype())));
  }

  /** A flat tensor and what frees it. */
  record Allocation(Tensor flat, NativeMemory counted) {}

  @Override
  public String toString() {
    return name;
  }
}
