package org.sparklora.model.engine;

import static org.sparklora.model.config.InvalidSetting.require;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Picks the {@link Engine} of this JVM among those on the class path.
 *
 * <p>System property {@code lora.engine} names it ({@code vector}, {@code torch}, {@code nd4j} or
 * {@code reference}; by default the one that uses the GPU which was {@link #useDevice assigned},
 * else vector); {@code lora.threads} says on how many threads it runs, by default one for each CPU
 * core.
 *
 * <p>Thread-safe.
 */
public final class Engines {
  private static final Logger LOG = LoggerFactory.getLogger(Engines.class);
  private static final String ENGINE_PROPERTY = "lora.engine";

  /** What the property was called before. */
  private static final String KERNELS_PROPERTY = "lora.kernels";

  private static final String THREADS_PROPERTY = "lora.threads";
  private static final String DETERMINISM_PROPERTY = "lora.deterministic";
  private static final String ON_CPU = "vector";

  private static final List<EngineProvider> PROVIDERS =
      ServiceLoader.load(EngineProvider.class, Engines.class.getClassLoader()).stream()
          .map(ServiceLoader.Provider::get)
          .toList();

  private static Shared shared; // null while nobody computes
  private static volatile EngineProvider ofDevice; // null without a GPU

  private Engines() {}

  /**
   * The engine of this JVM: opened at the first call, announced in one log line, shared by all
   * until {@link #close}.
   */
  public static Engine shared() {
    return sharedOnes().engine;
  }

  /**
   * An engine that computes in this process's memory, for vectors that lie there: {@link #shared}
   * unless that is a device's.
   */
  public static Engine host() {
    return sharedOnes().host;
  }

  /**
   * Closes the engine of this JVM, with its threads and scratch memory; the next call opens
   * another. For those who know that nobody in this JVM computes, and do not end it.
   */
  public static synchronized void close() {
    if (shared != null) {
      shared.host.close();
      shared.engine.close();
      shared = null;
    }
  }

  /**
   * Makes a GPU the one that this JVM computes on, and an engine that uses it the one of this JVM
   * unless {@code lora.engine} names another. Before anything is computed. A build for CPUs only
   * logs a warning.
   *
   * @param address the device's number as the cluster gives it, that of {@code nvidia-smi}
   * @throws IllegalStateException if the device, its driver or its compute capability cannot work,
   *     with what was found and what is supported
   */
  public static synchronized void useDevice(int address) {
    for (EngineProvider provider : PROVIDERS) {
      if (provider.useDevice(address)) {
        ofDevice = provider;
        return;
      }
    }
    LOG.warn(
        "GPU {} is assigned to this process, which will not use it: this is a build for CPUs. Build"
            + " with mvn -Pcuda package, or -Pnd4j-cuda for GPUs before Ampere",
        address);
  }

  /**
   * Makes an engine the one of this JVM, as {@code lora.engine} does; before anything is computed.
   *
   * @return its name as the engine has it
   * @throws org.sparklora.model.config.InvalidSetting if there is none of this name
   */
  public static String choose(String name) {
    String chosen = provider("engine", name).name();
    System.setProperty(ENGINE_PROPERTY, chosen);
    return chosen;
  }

  /** What {@code lora.engine} says. */
  public static Optional<String> chosen() {
    return Optional.ofNullable(System.getProperty(ENGINE_PROPERTY));
  }

  /**
   * Makes engines that are opened from now on give the same bits in every run, as system property
   * {@code lora.deterministic} does: on a GPU torch's adds some gradients in whatever order threads
   * come unless it is told not to. All others are so in any case.
   */
  public static void makeDeterministic() {
    System.setProperty(DETERMINISM_PROPERTY, "true");
  }

  /** Whether the same bits are wanted in every run, at the price of speed. */
  public static boolean areDeterministic() {
    return Boolean.getBoolean(DETERMINISM_PROPERTY);
  }

  /** Bytes in use on the GPU that this JVM computes on, whoever uses them; empty without one. */
  public static OptionalLong usedDeviceBytes() {
    EngineProvider provider = ofDevice;
    return provider == null ? OptionalLong.empty() : provider.usedDeviceBytes();
  }

  private static synchronized Shared sharedOnes() {
    if (shared == null) {
      String usual = ofDevice == null ? ON_CPU : ofDevice.name();
      String before = System.getProperty(KERNELS_PROPERTY, usual);
      Engine engine = open(System.getProperty(ENGINE_PROPERTY, before), threads());
      LOG.info("Computing with {}", engine.description());
      boolean elsewhere = !engine.isInThisProcess();
      shared = new Shared(engine, elsewhere ? open(ON_CPU, threads()) : engine);
    }
    return shared;
  }

  /**
   * What this JVM shares.
   *
   * @param host the same as engine, unless that is a device's
   */
  private record Shared(Engine engine, Engine host) {}

  /**
   * A new engine of this name, with threads of its own, which the caller closes.
   *
   * @param name as {@code lora.engine} has it; a vector engine becomes the reference engine, with a
   *     warning, where the JVM cannot load its vector module
   */
  public static Engine open(String name, int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException(
          "Cannot compute on %s threads: set %s to at least 1"
              .formatted(threads, THREADS_PROPERTY));
    }
    return new Engine(provider(ENGINE_PROPERTY, name).open(threads));
  }

  private static EngineProvider provider(String setting, String name) {
    String asked = name.toLowerCase(Locale.ROOT);
    Optional<EngineProvider> found =
        PROVIDERS.stream().filter(provider -> provider.name().equals(asked)).findFirst();
    String names = PROVIDERS.stream().map(EngineProvider::name).collect(Collectors.joining(", "));
    require(
        found.isPresent(),
        setting,
        name,
        "the engines of this build are called " + names + "; torch needs -Ptorch or -Pcuda");
    return found.orElseThrow();
  }

  /**
   * An engine that computes nothing, whose tensors have shapes but no memory: to count what a pass
   * would hold. Numbers read as zeros.
   *
   * @param products what operands of matrix products are rounded to
   * @param activations what activations are kept in
   */
  public static Engine counting(DType products, DType activations) {
    return new Engine(CountingKernels.of(products, activations));
  }

  /**
   * An engine that computes nothing, chooses types and sizes as another one does, and reports each
   * product of a linear layer.
   */
  public static Engine counting(Engine like, Consumer<LinearProduct> products) {
    return new Engine(CountingKernels.like(like.kernels(), products));
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
