package org.sparklora.engine.torch;

import java.util.Optional;
import org.sparklora.model.engine.EngineProvider;
import org.sparklora.model.engine.Kernels;

/**
 * Opens {@code torch-apart}: libtorch on processors, with tensors apart from this process's memory
 * as on a GPU.
 */
public final class ApartProvider implements EngineProvider {

  @Override
  public String name() {
    return "torch-apart";
  }

  @Override
  public Kernels open(int threads) {
    return new TorchKernels(TorchDevice.ofProcessorsApart(Optional.empty()), threads);
  }
}
