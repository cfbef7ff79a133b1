package org.sparklora.model.engine.vector;

import java.lang.reflect.Method;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the JDK's module {@code jdk.incubator.vector}, which no JVM loads by default.
 *
 * <p>The flag {@code --add-modules=jdk.incubator.vector} loads it at start, with a warning on
 * standard error that cannot be turned off, and is missing in JVMs that other programs start. So
 * this class loads the module at first use, as the JDK loads modules of agents: into a layer above
 * the boot layer, but by the boot loader, so that the compiler treats it as with the flag.
 *
 * <p>Needs {@code --add-opens=java.base/java.lang=ALL-UNNAMED}, which Spark's launchers pass to
 * drivers and executors. Thread-safe.
 */
final class VectorModule {
  static final String FLAG = "--add-opens=java.base/java.lang=ALL-UNNAMED";

  private static final Logger LOG = LoggerFactory.getLogger(VectorModule.class);
  private static final String NAME = "jdk.incubator.vector";
  private static final String LOADER = "jdk.internal.module.Modules";
  private static final boolean LOADED = load();

  private VectorModule() {}

  /** Whether this JVM has the module; loads it at the first call. */
  static boolean isLoaded() {
    return LOADED;
  }

  private static boolean load() {
    if (ModuleLayer.boot().findModule(NAME).isPresent()) {
      return true;
    }
    try {
      // the same as --add-exports=java.base/jdk.internal.module=ALL-UNNAMED
      Method export = Module.class.getDeclaredMethod("implAddExports", String.class, Module.class);
      export.setAccessible(true);
      export.invoke(
          Object.class.getModule(), "jdk.internal.module", VectorModule.class.getModule());
      Class.forName(LOADER).getMethod("loadModule", String.class).invoke(null, NAME);
      return true;
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.debug("Cannot load {}", NAME, e); // VectorProvider warns of the fallback
      return false;
    }
  }
}
