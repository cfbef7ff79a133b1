package org.sparklora.engine.nd4j;

import java.util.Optional;
import org.sparklora.model.engine.EngineProvider;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.hardware.CudaDevice;

/**
 * Opens engines of ND4J: on CPUs, or in a build with {@code -Pnd4j-cuda} on one GPU. That must be
 * chosen before anything touches ND4J, which otherwise spreads its threads over all devices.
 *
 * <p>Thread-safe.
 */
public final class Nd4jProvider implements EngineProvider {
  /** ND4J's settings for GPUs; present only in a build with {@code -Pnd4j-cuda}. */
  private static final String CUDA_ENVIRONMENT = "org.nd4j.jita.conf.CudaEnvironment";

  /** The compute capabilities of {@code nd4j-cuda-11.6}, which lacks the PTX for newer GPUs. */
  private static final String SUPPORTED =
      "nd4j-cuda-11.6 has kernels for compute capability 3.7 to 8.6 (Kepler K80 to Ampere: V100, T4, A100, A10), which 8.9 (Ada: L4, L40) runs as well; Hopper and newer need a build with -Pcuda";

  private volatile boolean isChosen; // a device

  @Override
  public String name() {
    return "nd4j";
  }

  @Override
  public Kernels open(int threads) {
    Nd4jKernels kernels = new Nd4jKernels(threads);
    if (isChosen && kernels.isInThisProcess()) {
      // ND4J only logs the reason, and would compute on the CPU
      throw new IllegalStateException(
          "Cannot compute on the GPU that was chosen: ND4J found no CUDA 11.6 with cuDNN 8.3; install both, or say -Dlora.engine=vector");
    }
    return kernels;
  }

  @Override
  public Optional<CudaDevice> useDevice(int address) {
    Class<?> environment;
    try {
      environment = Class.forName(CUDA_ENVIRONMENT);
    } catch (ClassNotFoundException e) {
      return Optional.empty();
    }
    CudaDevice device = CudaDevice.at(address);
    check(device);
    restrict(environment, address);
    isChosen = true;
    return Optional.of(device);
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
