package org.sparklora.engine.nd4j;

import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.engine.hardware.CudaDevice;

/**
 * The one GPU that this JVM computes on. It must be chosen before anything touches ND4J, which
 * otherwise spreads its threads over all devices of the machine.
 *
 * <p>Thread-safe.
 */
public final class DeviceChoice {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceChoice.class);

  /** ND4J's settings for GPUs; present only in a build with {@code -Pnd4j-cuda}. */
  private static final String CUDA_ENVIRONMENT = "org.nd4j.jita.conf.CudaEnvironment";

  /** The compute capabilities of {@code nd4j-cuda-11.6}, which lacks the PTX for newer GPUs. */
  private static final String SUPPORTED =
      "nd4j-cuda-11.6 has kernels for compute capability 3.7 to 8.6 (Kepler K80 to Ampere: V100, T4, A100, A10), which 8.9 (Ada: L4, L40) runs as well; Hopper and newer need a build with -Pcuda";

  private static CudaDevice chosen;

  private DeviceChoice() {}

  /**
   * Chooses the device that ND4J's engines compute on; returns false in a build for CPUs.
   *
   * @param address the device's number in the cluster and in {@code nvidia-smi}
   * @throws IllegalStateException if the device, its driver or its compute capability cannot work;
   *     the message says what was found and what is supported
   */
  public static synchronized boolean use(int address) {
    Class<?> environment;
    try {
      environment = Class.forName(CUDA_ENVIRONMENT);
    } catch (ClassNotFoundException e) {
      return false;
    }
    CudaDevice device = CudaDevice.at(address);
    check(device);
    restrict(environment, address);
    chosen = device;
    LOG.info("Computing on {}", chosen);
    return true;
  }

  /** Whether a device was chosen. */
  static synchronized boolean isMade() {
    return chosen != null;
  }

  /** Bytes in use on the chosen device, by any process; empty if unknown or none was chosen. */
  public static synchronized OptionalLong usedBytes() {
    return chosen == null ? OptionalLong.empty() : chosen.usedBytes();
  }

  static void check(CudaDevice device) {
    if (device.capability() < 37 || device.capability() > 89) {
      throw new IllegalStateException(
          "Cannot compute on %s: %s. Use another GPU, or -Dlora.engine=vector for processors"
              .formatted(device, SUPPORTED));
    }
  }

  /** {@code CudaEnvironment.getInstance().getConfiguration().useDevice(address)}. */
  private static void restrict(Class<?> environment, int address) {
    try {
      Object instance = environment.getMethod("getInstance").invoke(null);
      Object configuration = environment.getMethod("getConfiguration").invoke(instance);
      configuration.getClass().getMethod("useDevice", Integer.class).invoke(configuration, address);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "Cannot tell ND4J to use GPU %s: is this build's nd4j-cuda 1.0.0-M2.1?"
              .formatted(address),
          e);
    }
  }
}
