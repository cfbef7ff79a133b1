package org.sparklora.engine.torch;

import java.nio.DoubleBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
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
import org.sparklora.model.engine.Arrival;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.NativeMemory;

/**
 * Holds tensors and runs operators: the CPU with host memory, or one GPU. A third kind, for tests,
 * is the CPU with tensors kept apart from host memory as on a GPU; so tests without a GPU run all
 * but the code behind {@link #isCuda}.
 *
 * <p>A GPU computes asynchronously, in order. Copies to it do not wait; reads from it wait, in
 * {@link #await}, for all earlier work.
 *
 * <p>Thread-safe.
 */
final class TorchDevice {
  /** OpenBLAS's kernels sum up to 8 rows alike; of 12 or more they sum some in another order. */
  private static final int BLOCK_OF_PROCESSORS = 8;

  /** The rows of a block on a GPU, which reads a weight for many rows at once. */
  private static final int BLOCK_OF_GPUS = 128;

  /** Elements that are sent at a time: 64 MiB of float32. */
  static final int PART = 1 << 24;

  private final Device device;
  private final boolean isCuda;
  private final boolean isApart;
  private final String name;
  private final Optional<Recorder> recorder;
  private final AtomicLong allocations = new AtomicLong();
  private final ThreadLocal<Set<TorchTensor.Storage>> used = new ThreadLocal<>(); // in usedBy
  private long asked = 0; // copies to host memory, guarded by this
  private long arrived = 0; // copies that are known to have arrived

  private TorchDevice(
      Device device, boolean isCuda, boolean isApart, String name, Optional<Recorder> recorder) {
    device.retainReference(); // so that it outlives an open scope
    this.recorder = recorder;
    this.device = device;
    this.isCuda = isCuda;
    this.isApart = isApart;
    this.name = name;
  }

  /** The CPU, with host memory. */
  static TorchDevice ofProcessors() {
    return new TorchDevice(
        new Device(DeviceType.CPU), false, false, "processors", Optional.empty());
  }

  /** For tests: the CPU, with tensors that are treated as apart from host memory. */
  static TorchDevice ofProcessorsApart(Optional<Recorder> recorder) {
    return new TorchDevice(new Device(DeviceType.CPU), false, true, "processors, apart", recorder);
  }

  /** The GPU of CUDA's device number {@code number}, with a name for logs. */
  static TorchDevice ofGpu(int number, String name) {
    byte index = (byte) number;
    return new TorchDevice(
        new Device(DeviceType.CUDA, index), true, true, name, CudaGraphs.of(number));
  }

  boolean isCuda() {
    return isCuda;
  }

  /** The recorder of operators, if this device can record. */
  Optional<Recorder> recorder() {
    return recorder;
  }

  /** The number of tensors that have been allocated so far. */
  long allocations() {
    return allocations.get();
  }

  void allocates() {
    allocations.incrementAndGet();
  }

  /** The storages that operators use on the calling thread. */
  Set<TorchTensor.Storage> usedBy(Runnable operators) {
    Set<TorchTensor.Storage> all = new HashSet<>();
    used.set(all);
    try {
      operators.run();
    } finally {
      used.remove();
    }
    return all;
  }

  void uses(TorchTensor.Storage storage) {
    Set<TorchTensor.Storage> all = used.get(); // null outside of usedBy
    if (all != null) {
      all.add(storage);
    }
  }

  /** Whether tensors lie outside of host memory. */
  boolean isApart() {
    return isApart;
  }

  /** Rows of a block in products of few rows, whose fixed shape fixes a library's sums. */
  int blockOfRows() {
    return isCuda ? BLOCK_OF_GPUS : BLOCK_OF_PROCESSORS;
  }

  static ScalarType scalarType(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> ScalarType.Float;
      case BFLOAT16 -> ScalarType.BFloat16;
      case FLOAT16 -> ScalarType.Half;
      case NF4 -> throw new IllegalArgumentException("Cannot make a tensor of NF4 but of parts");
    };
  }

  /** Options for a tensor of a type on this device. */
  TensorOptions options(ScalarType type) {
    return new TensorOptions(type).device(new DeviceOptional(device));
  }

  /** Allocates a flat tensor of zeros on the device, in counted memory. */
  Allocation allocate(DType dtype, long size) {
    return counted(
        size * dtype.bytes(), () -> torch.zeros(new long[] {size}, options(scalarType(dtype))));
  }

  /** Copies whole numbers to the device, int64. */
  Allocation indices(int[] values) {
    long[] wide = Arrays.stream(values).asLongStream().toArray();
    return counted((long) Long.BYTES * wide.length, () -> longs(wide));
  }

  private static Allocation counted(long bytes, Supplier<Tensor> made) {
    Tensor flat = Scope.kept(made);
    return new Allocation(flat, NativeMemory.ofLibrary(bytes, flat::releaseReference));
  }

  /** int64 numbers on the device; the scope frees them. */
  Tensor longs(long... values) {
    return sent(Tensor.create(values, values.length), ScalarType.Long);
  }

  /** float64 numbers on the device; the scope frees them. */
  Tensor doubles(double... values) {
    return sent(Tensor.create(values, values.length), ScalarType.Double);
  }

  private Tensor sent(Tensor host, ScalarType type) {
    return isApart ? host.to(device, type, true, true, new MemoryFormatOptional()) : host;
  }

  /**
   * Copies x in host memory to y on the device, both in one dimension; x may change afterwards.
   * Parts go through pinned memory, which libtorch reuses when a part has arrived: a GPU reads
   * pinned memory at the speed of its bus, any other memory at a fraction of it.
   */
  void send(Tensor x, Tensor y) {
    Scope.parts(
        x.numel(),
        PART,
        (first, count) -> {
          Tensor pinned = pinned(count, x.scalar_type());
          pinned.copy_(x.narrow(0, first, count));
          y.narrow(0, first, count).copy_(pinned, true);
        });
  }

  /** Copies whole numbers to int64 on the device. */
  void send(long[] values, Tensor y) {
    send(Tensor.create(values, values.length), y);
  }

  /** Copies {@code x} through pinned memory to {@code y}, and waits. */
  void fetch(Tensor x, HostTensor y) {
    Tensor pinned = pinned(x.numel(), x.scalar_type());
    pinned.copy_(x, true);
    await(ask());
    over(y).copy_(pinned);
  }

  private Tensor pinned(long count, ScalarType type) {
    TensorOptions usual = new TensorOptions(type);
    TensorOptions here = isCuda ? usual.pinned_memory(new BoolOptional(true)) : usual;
    return torch.empty(new long[] {count}, here, new MemoryFormatOptional());
  }

  /** Starts to copy a tensor, float64 in one dimension, to host memory. */
  Arrival<double[]> bring(Tensor x) {
    Tensor copy = Scope.kept(() -> pinned(x.numel(), ScalarType.Double));
    copy.copy_(x, true);
    return new Arriving(copy, ask());
  }

  /** Numbers on their way to host memory, which is freed when they are read. */
  private final class Arriving implements Arrival<double[]> {
    private final Tensor copy;
    private final long number; // of the copy
    private double[] values; // null until the copy is read

    Arriving(Tensor copy, long number) {
      this.copy = copy;
      this.number = number;
    }

    @Override
    public synchronized double[] await() {
      if (values == null) {
        TorchDevice.this.await(number);
        values = new double[Math.toIntExact(copy.numel())];
        if (values.length > 0) { // an empty tensor has no address, and so no buffer
          copy.<DoubleBuffer>createBuffer().get(values);
        }
        copy.releaseReference();
      }
      return values;
    }
  }

  private synchronized long ask() {
    return ++asked;
  }

  /** Waits for a copy and all earlier work, unless a wait since the copy's start covered them. */
  synchronized void await(long number) {
    if (number > arrived) {
      synchronize();
      arrived = asked;
    }
  }

  /** Waits for all work of the device: every copy to host memory by this class waits here. */
  private void synchronize() {
    if (isCuda) {
      torch.cuda_synchronize(device.index());
    }
  }

  /** A flat tensor over host memory, valid as long as {@code host} is open. */
  static Tensor over(HostTensor host) {
    Pointer memory = new BytePointer(host.elements());
    long[] size = {host.size()};
    return torch.from_blob(memory, size, new TensorOptions(scalarType(host.dtype())));
  }

  /** A flat tensor and the counted memory that frees it. */
  record Allocation(Tensor flat, NativeMemory counted) {}

  @Override
  public String toString() {
    return name;
  }
}
