package org.sparklora.engine.torch;

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
    return new TorchKernels(TorchDevice.ofProcessors(), threads);
  }
}
