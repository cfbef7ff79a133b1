package org.sparklora.engine.nd4j;

import java.util.OptionalLong;
import org.sparklora.model.engine.EngineProvider;
import org.sparklora.model.engine.Kernels;

/** Opens engines of ND4J: on CPUs, or in a build with {@code -Pnd4j-cuda} on a GPU. */
public final class Nd4jProvider implements EngineProvider {

  @Override
  public String name() {
    return "nd4j";
  }

  @Override
  public Kernels open(int threads) {
    Nd4jKernels kernels = new Nd4jKernels(threads);
    if (DeviceChoice.isMade() && kernels.isInThisProcess()) {
      // ND4J only logs the reason, and would compute on the CPU
      throw new IllegalStateException(
          "Cannot compute on the GPU that was chosen: ND4J found no CUDA 11.6 with cuDNN 8.3; install both, or say -Dlora.engine=vector");
    }
    return kernels;
  }

  @Override
  public boolean useDevice(int address) {
    return DeviceChoice.use(address);
  }

  @Override
  public OptionalLong usedDeviceBytes() {
    return DeviceChoice.usedBytes();
  }
}
