package org.sparklora.engine.torch;

import java.util.OptionalLong;
import org.bytedeco.pytorch.global.torch;
import org.sparklora.model.engine.EngineProvider;
import org.sparklora.model.engine.Kernels;

/** Opens engines of libtorch: on CPUs, or in a build with {@code -Pcuda} on a GPU. */
public final class TorchProvider implements EngineProvider {

  @Override
  public String name() {
    return "torch";
  }

  @Override
  public Kernels open(int threads) {
    TorchKernels kernels = new TorchKernels(DeviceChoice.made(), threads);
    // new memory needs no fill: it is written before it is read
    torch.globalContext().setDeterministicFillUninitializedMemory(false);
    return kernels;
  }

  /**
   * Sets libtorch's flag for the whole process. libtorch only warns of operators that cannot obey:
   * this engine uses none of them, and cuBLAS, of which it warns too, runs in one stream.
   */
  @Override
  public void setDeterministic(boolean wanted) {
    torch.globalContext().setDeterministicAlgorithms(wanted, true);
  }

  @Override
  public boolean varies() {
    return true;
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
