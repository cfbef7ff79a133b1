package org.sparklora.engine.torch;

import java.util.OptionalLong;
import org.bytedeco.javacpp.Loader;
import org.sparklora.model.engine.EngineProvider;
import org.sparklora.model.engine.Kernels;

/** Opens engines of libtorch: on processors, or in a build with {@code -Pcuda} on a GPU. */
public final class TorchProvider implements EngineProvider {

  @Override
  public String name() {
    return "torch";
  }

  @Override
  public Kernels open(int threads) {
    try {
      return new TorchKernels(DeviceChoice.made(), threads);
    } catch (LinkageError e) {
      throw new IllegalStateException(
          "Cannot load libtorch for %s (%s): %s; build with mvn -Ptorch package, or -Pcuda for GPUs, or say -Dlora.engine=vector"
              .formatted(Loader.getPlatform(), e.getClass().getSimpleName(), firstLine(e)),
          e);
    }
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
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
