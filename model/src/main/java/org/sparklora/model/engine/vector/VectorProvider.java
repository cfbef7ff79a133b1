package org.sparklora.model.engine.vector;

import java.lang.reflect.Method;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.engine.EngineProvider;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.reference.ReferenceProvider;

/**
 * Opens vector engines, or reference engines where the JVM cannot load the JDK's module {@code
 * jdk.incubator.vector}, which no JVM loads by default.
 *
 * <p>The flag {@code --add-modules=jdk.incubator.vector} loads it at start, with a warning on
 * standard error that cannot be turned off, and is missing in JVMs that other programs start. So
 * this class loads the module at first use, as the JDK loads modules of agents: into a layer above
 * the boot layer, but by the boot loader, so that the compiler treats it as with the flag.
 *
 * <p>Needs {@code --add-opens=java.base/java.lang=ALL-UNNAMED}, which Spark's launchers pass to
 * drivers and executors. Thread-safe.
 */
public final class VectorProvider implements EngineProvider {
  private static final Logger LOG = LoggerFactory.getLogger(VectorProvider.class);
  private static final String FLAG = "--add-opens=java.base/java.lang=ALL-UNNAMED";
  private static final String MODULE = "jdk.incubator.vector";
  private static final String LOADER = "jdk.internal.module.Modules";

  @Override
  public String name() {
    return "vector";
  }

  @Override
  public Kernels open(int threads) {
    if (loadsModule()) {
      return new VectorKernels(new WorkerPool(threads));
    }
    LOG.warn(
        "Cannot load the JVM's vector module: falling back to the reference engine, a hundred times slower. Start a JDK 17 with {}",
        FLAG);
    return new ReferenceProvider().open(threads);
  }

  /** Loads the module unless this JVM has it; returns false if that fails. */
  static synchronized boolean loadsModule() {
    if (ModuleLayer.boot().findModule(MODULE).isPresent()) {
      return true;
    }
    try {
      // the same as --add-exports=java.base/jdk.internal.module=ALL-UNNAMED
      Method export = Module.class.getDeclaredMethod("implAddExports", String.class, Module.class);
      export.setAccessible(true);
      export.invoke(
          Object.class.getModule(), "jdk.internal.module", VectorProvider.class.getModule());
      Class.forName(LOADER).getMethod("loadModule", String.class).invoke(null, MODULE);
      return true;
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.debug("Cannot load {}", MODULE, e);
      return false;
    }
  }
}
