package org.sparklora.engine.torch;

import java.util.Locale;
import java.util.OptionalLong;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.engine.CudaDevice;

/**
 * The one GPU that this JVM computes on, in a build with {@code -Pcuda}. All that it needs is
 * looked for before libtorch is loaded.
 *
 * <p>Thread-safe.
 */
final class DeviceChoice {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceChoice.class);

  /** In the jar of libtorch's CUDA build. */
  private static final String LIBRARY = "/org/bytedeco/pytorch/%s-gpu/libtorch_cuda.so";

  /** The oldest driver that runs programs of CUDA 13. */
  private static final int OLDEST_DRIVER = 580;

  /** What FlashAttention and bfloat16 products need, and what this project has been made for. */
  private static final int LOWEST_CAPABILITY = 80;

  /** Where nobody assigned one. */
  private static final int FIRST = 0;

  private static CudaDevice chosen; // null before that

  private DeviceChoice() {}

  /** Whether libtorch's CUDA build is on the class path. */
  private static boolean isCudaBuild() {
    return DeviceChoice.class.getResource(String.format(Locale.ROOT, LIBRARY, Loader.getPlatform()))
        != null;
  }

  /**
   * Chooses a device.
   *
   * @param address the device's number as the cluster gives it, that of {@code nvidia-smi}
   * @return false in a build for processors
   * @throws IllegalStateException if the device, its driver, its compute capability or a library
   *     cannot work, with what was found and what is supported
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
   * The device of an engine that is opened: the one that was chosen, or the first in a build for
   * GPUs; else processors.
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

  /** Bytes in use on the chosen device, whoever uses them; empty where none was chosen. */
  static synchronized OptionalLong usedBytes() {
    return chosen == null ? OptionalLong.empty() : OptionalLong.of(chosen.usedBytes());
  }
}
