package org.sparklora.engine.torch;

import java.util.Locale;
import java.util.OptionalLong;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.engine.hardware.CudaDevice;

/**
 * The one GPU that this JVM computes on, in a build with {@code -Pcuda}. Its driver and libraries
 * are checked before libtorch is loaded.
 *
 * <p>Thread-safe.
 */
final class DeviceChoice {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceChoice.class);

  /** A file in the jar of libtorch's CUDA build. */
  private static final String LIBRARY = "/org/bytedeco/pytorch/%s-gpu/libtorch_cuda.so";

  /** The oldest driver that runs programs of CUDA 13. */
  private static final int OLDEST_DRIVER = 580;

  /** The lowest compute capability that FlashAttention and bfloat16 products need: 8.0. */
  private static final int LOWEST_CAPABILITY = 80;

  /** The GPU if the cluster assigned none. */
  private static final int FIRST = 0;

  private static CudaDevice chosen; // null until a device is chosen

  private DeviceChoice() {}

  /** Whether libtorch's CUDA build is on the class path. */
  private static boolean isCudaBuild() {
    return DeviceChoice.class.getResource(String.format(Locale.ROOT, LIBRARY, Loader.getPlatform()))
        != null;
  }

  /**
   * Chooses a device.
   *
   * @param address the device's number in the cluster and in {@code nvidia-smi}
   * @return false in a build for CPUs
   * @throws IllegalStateException if the device, its driver, its compute capability or a library
   *     cannot work; the message says what was found and what is supported
   */
  static synchronized boolean use(int address) {
    if (!isCudaBuild()) {
      return false;
    }
    CudaDevice device = CudaDevice.at(address);
    check(device);
    CudaLibraries.require();
    chosen = device;
    LOG.info("Computing on {}", device);
    return true;
  }

  static void check(CudaDevice device) {
    if (device.capability() < LOWEST_CAPABILITY) {
      throw new IllegalStateException(
          "Cannot compute on %s: libtorch's engine needs compute capability 8.0 (Ampere) or newer; build with -Pnd4j-cuda instead of -Pcuda for this GPU, or say -Dlora.engine=vector for processors"
              .formatted(device));
    }
    device.requireDriver(OLDEST_DRIVER, "CUDA 13");
  }

  /**
   * The device of a new engine: the chosen GPU, or the first one in a build for GPUs; else the CPU.
   */
  static synchronized TorchDevice made() {
    if (chosen == null && !use(FIRST)) {
      return TorchDevice.ofProcessors();
    }
    int visible = torch.cuda_device_count();
    if (chosen.index() >= visible) {
      throw new IllegalStateException(
          "Cannot compute on %s: CUDA sees %s GPUs; leave CUDA_VISIBLE_DEVICES out of this process's environment, which is %s"
              .formatted(chosen, visible, System.getenv("CUDA_VISIBLE_DEVICES")));
    }
    return TorchDevice.ofGpu(chosen.index(), chosen.toString());
  }

  /** Bytes in use on the chosen device, by any process; empty if unknown or none was chosen. */
  static synchronized OptionalLong usedBytes() {
    return chosen == null ? OptionalLong.empty() : chosen.usedBytes();
  }
}
