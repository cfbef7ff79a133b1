package org.sparklora.model.kernels;

import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Picks the {@link Kernels} of this JVM.
 *
 * <p>System property {@code lora.kernels} names them ({@code vector}, {@code nd4j} or {@code
 * reference}; by default nd4j where a GPU was {@link DeviceChoice chosen}, else vector); {@code
 * lora.threads} says on how many threads they run, by default one for each processor.
 *
 * <p>Thread-safe.
 */
public final class KernelsProvider {
  private static final Logger LOG = LoggerFactory.getLogger(KernelsProvider.class);
  private static final String KERNELS_PROPERTY = "lora.kernels";
  private static final String THREADS_PROPERTY = "lora.threads";

  private static volatile Shared shared; // null while nobody computes

  private KernelsProvider() {}

  /**
   * The kernels of this JVM: made at the first call, announced in one log line, shared by all until
   * {@link #close}.
   */
  public static Kernels kernels() {
    return shared().kernels;
  }

  /**
   * Kernels that compute in this process's memory, for vectors that lie there: {@link #kernels}
   * unless those are a device's.
   */
  public static Kernels hostKernels() {
    return shared().host;
  }

  /**
   * Closes the kernels of this JVM, with their threads and scratch memory; the next call makes
   * others. For those who know that nobody in this JVM computes, and do not end it.
   */
  public static synchronized void close() {
    if (shared != null) {
      shared.host.close();
      shared.kernels.close();
      shared = null;
    }
  }

  private static Shared shared() {
    Shared made = shared;
    return made == null ? make() : made;
  }

  private static synchronized Shared make() {
    if (shared == null) {
      Kernels kernels = choose();
      boolean elsewhere = kernels instanceof Nd4jKernels nd4j && !nd4j.inPlace();
      shared = new Shared(kernels, elsewhere ? create("vector", threads()) : kernels);
    }
    return shared;
  }

  private static Kernels choose() {
    String usual = DeviceChoice.isMade() ? "nd4j" : "vector";
    Kernels chosen = create(System.getProperty(KERNELS_PROPERTY, usual), threads());
    if (chosen instanceof Nd4jKernels nd4j && nd4j.inPlace() && DeviceChoice.isMade()) {
      // ND4J only logs why, and would go on with processors
      throw new IllegalStateException(
          "Cannot compute on the GPU that was chosen: ND4J found no CUDA 11.6 with cuDNN 8.3; install both, or say -Dlora.kernels=vector");
    }
    LOG.info("Kernels: {}", chosen.description());
    return chosen;
  }

  /**
   * What this JVM shares.
   *
   * @param host the same as kernels, unless those are a device's
   */
  private record Shared(Kernels kernels, Kernels host) {}

  /**
   * New kernels of this name, with threads of their own, which the caller closes.
   *
   * @param name {@code vector}, {@code nd4j} or {@code reference}; vector kernels become reference
   *     kernels, with a warning, where the JVM cannot load its vector module
   */
  public static Kernels create(String name, int threads) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "reference" -> new ReferenceKernels();
      case "nd4j" -> new Nd4jKernels(threads);
      case "vector" -> VectorModule.isLoaded() ? new VectorKernels(threads) : withoutVectorModule();
      default ->
          throw new IllegalArgumentException(
              "Cannot use %s = %s: the kernels are called vector, nd4j and reference"
                  .formatted(KERNELS_PROPERTY, name));
    };
  }

  private static Kernels withoutVectorModule() {
    LOG.warn(
        "Cannot load the JVM's vector module: falling back to reference kernels, a hundred times slower. Start a JDK 17 with {}",
        VectorModule.FLAG);
    return new ReferenceKernels();
  }

  private static int threads() {
    String value = System.getProperty(THREADS_PROPERTY);
    if (value == null) {
      return Runtime.getRuntime().availableProcessors();
    }
    try {
      return Integer.parseInt(value.strip());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "Cannot use %s = %s: give a number of threads, such as 4"
              .formatted(THREADS_PROPERTY, value),
          e);
    }
  }
}
