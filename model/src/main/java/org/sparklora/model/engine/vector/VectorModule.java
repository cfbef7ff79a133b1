package org.sparklora.model.engine.vector;

import java.lang.reflect.Method;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The JDK's module {@code jdk.incubator.vector}, which no JVM loads by itself.
 *
 * <p>The flag {@code --add-modules=jdk.incubator.vector} loads it at start, with a warning on
 * standard error that nothing turns off, and is missing in every JVM that somebody else starts. So
 * it is loaded at first use, by the JDK's own means for the modules of agents: into a layer above
 * the boot layer, but by the boot loader, so that the compiler treats it as it would with the flag.
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

  /** Whether this JVM has it; loads it at the first call. */
  static boolean isLoaded() {
    return LOADED;
  }

  private static boolean load() {
    if (ModuleLayer.boot().findModule(NAME).isPresent()) {
      return true;
    }
    try {
      // what --add-exports=java.base/jdk.internal.module=ALL-UNNAMED would do
      Method export = Module.class.getDeclaredMethod("implAddExports", String.class, Module.class);
      export.setAccessible(true);
      export.invoke(
          Object.class.getModule(), "jdk.internal.module", VectorModule.class.getModule());
      Class.forName(LOADER).getMethod("loadModule", String.class).invoke(null, NAME);
      return true;
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.debug("Cannot load {}", NAME, e); // Engines warns of what follows
      return false;
    }
  }
}
