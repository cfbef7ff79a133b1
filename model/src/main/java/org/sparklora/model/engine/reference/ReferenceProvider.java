package org.sparklora.model.engine.reference;

import org.sparklora.model.engine.EngineProvider;
import org.sparklora.model.engine.Kernels;

/** Opens reference engines; they run on the calling thread. */
public final class ReferenceProvider implements EngineProvider {

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public Kernels open(int threads) {
    return new ReferenceKernels();
  }
}
