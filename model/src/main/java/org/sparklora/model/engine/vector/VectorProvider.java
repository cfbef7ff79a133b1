package org.sparklora.model.engine.vector;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.engine.EngineProvider;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.reference.ReferenceProvider;

/** Opens vector engines, or reference engines where the JVM cannot load its vector module. */
public final class VectorProvider implements EngineProvider {
  private static final Logger LOG = LoggerFactory.getLogger(VectorProvider.class);

  @Override
  public String name() {
    return "vector";
  }

  @Override
  public Kernels open(int threads) {
    if (VectorModule.isLoaded()) {
      return new VectorKernels(new WorkerPool(threads));
    }
    LOG.warn(
        "Cannot load the JVM's vector module: falling back to the reference engine, a hundred times slower. Start a JDK 17 with {}",
        VectorModule.FLAG);
    return new ReferenceProvider().open(threads);
  }
}
