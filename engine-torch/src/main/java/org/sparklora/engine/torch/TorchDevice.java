package org.sparklora.engine.torch;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.HostTensor;
import org.sparklora.model.engine.NativeMemory;

/**
 * Where tensors lie and operators run: this process, or one GPU. The GPU's half has not run yet: no
 * test reaches it.
 *
 * <p>Thread-safe.
 */
final class TorchDevice {
  /** OpenBLAS's kernels take up to 8 rows alike; of 12 or more some are summed in another way. */
  private static final int BLOCK_OF_PROCESSORS = 8;

  /** A GPU reads a weight for many rows at once. */
  private static final int BLOCK_OF_GPUS = 128;

  private final Device device;
  private final boolean isCuda;
  private final String name;

  private TorchDevice(Device device, boolean isCuda, String name) {
    device.retainReference(); // also where somebody's scope is open
    this.device = device;
    this.isCuda = isCuda;
    this.name = name;
  }

  /** This process's memory. */
  static TorchDevice ofProcessors() {
    return new TorchDevice(new Device(DeviceType.CPU), false, "processors");
  }

  /**
   * The GPU that CUDA gives a number.
   *
   * @param name for logs
   */
  static TorchDevice ofGpu(int number, String name) {
    byte index = (byte) number;
    return new TorchDevice(new Device(DeviceType.CUDA, index), true, name);
  }

  boolean isCuda() {
    return isCuda;
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

  /** New memory of zeros on a GPU, flat; counted, and freed by what is returned. */
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
    return isCuda ? host.to(device, ScalarType.Long) : host;
  }

  /** Numbers on the device, of the scope. */
  Tensor doubles(double... values) {
    Tensor host = Tensor.create(values, values.length);
    return isCuda ? host.to(device, ScalarType.Double) : host;
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
