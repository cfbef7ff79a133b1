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

  private KernelsProvider() {}

  /**
   * The kernels of this JVM: chosen at the first call, announced in one log line, shared by all.
   */
  public static Kernels kernels() {
    return Shared.KERNELS;
  }

  /**
   * Kernels that compute in this process's memory, for vectors that lie there: {@link #kernels}
   * unless those are a device's.
   */
  public static Kernels hostKernels() {
    return Shared.HOST_KERNELS;
  }

  private static final class Shared {
    static final Kernels KERNELS = choose();
    static final Kernels HOST_KERNELS =
        KERNELS instanceof Nd4jKernels nd4j && !nd4j.inPlace()
            ? create("vector", threads())
            : KERNELS;

    private static String usual() {
      return DeviceChoice.isMade() ? "nd4j" : "vector";
    }

    private static Kernels choose() {
      Kernels chosen = create(System.getProperty(KERNELS_PROPERTY, usual()), threads());
      if (chosen instanceof Nd4jKernels nd4j && nd4j.inPlace() && DeviceChoice.isMade()) {
        // ND4J only logs why, and would go on with processors
        throw new IllegalStateException(
            "Cannot compute on the GPU that was chosen: ND4J found no CUDA 11.6 with cuDNN 8.3; install both, or say -Dlora.kernels=vector");
      }
      LOG.info("Kernels: {}", chosen.description());
      return chosen;
    }
  }

  /**
   * New kernels of this name, with threads of their own.
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
