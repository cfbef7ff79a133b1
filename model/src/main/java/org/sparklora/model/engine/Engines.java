package org.sparklora.model.engine;

import static org.sparklora.model.config.InvalidSetting.require;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The {@link Engine}s of this JVM, among those on the class path: which one computes, an {@link
 * EngineChoice} says.
 *
 * <p>System property {@code lora.engine} names the usual one ({@code vector}, {@code torch}, {@code
 * nd4j} or {@code reference}; by default the one that uses the GPU which was {@link #useDevice
 * assigned}, else vector); {@code lora.threads} says on how many threads it runs, by default one
 * for each CPU core.
 *
 * <p>Thread-safe.
 */
public final class Engines {
  private static final Logger LOG = LoggerFactory.getLogger(Engines.class);
  private static final String ENGINE_PROPERTY = "lora.engine";

  /** What the property was called before. */
  private static final String KERNELS_PROPERTY = "lora.kernels";

  private static final String THREADS_PROPERTY = "lora.threads";
  private static final String ON_CPU = "vector";

  private static final List<EngineProvider> PROVIDERS =
      ServiceLoader.load(EngineProvider.class, Engines.class.getClassLoader()).stream()
          .map(ServiceLoader.Provider::get)
          .toList();

  /** By resolved choice; each is opened by whoever asks first. */
  private static final Map<EngineChoice, Engine> SHARED = new HashMap<>();

  private static final Set<EngineChoice> ANNOUNCED = new HashSet<>();

  /** How many compute deterministically just now, by the engine's name. */
  private static final Map<String, Integer> DETERMINISTIC = new HashMap<>();

  private static volatile EngineProvider ofDevice; // null without a GPU

  private Engines() {}

  /** The usual engine of this JVM: {@link #of} no choice. */
  public static Engine shared() {
    return of(EngineChoice.USUAL);
  }

  /**
   * An engine of this JVM: opened at the first call, announced in one log line, shared by all who
   * choose the same until {@link #close}.
   */
  public static synchronized Engine of(EngineChoice choice) {
    EngineChoice resolved = resolved(choice);
    Engine engine = opened(resolved);
    if (ANNOUNCED.add(resolved)) {
      LOG.info("Computing with {}", engine.description());
    }
    return engine;
  }

  private static Engine opened(EngineChoice resolved) {
    return SHARED.computeIfAbsent(resolved, choice -> open(choice.name(), threads()));
  }

  private static EngineChoice resolved(EngineChoice choice) {
    String name = choice.name().isEmpty() ? told().orElseGet(Engines::usual) : choice.name();
    EngineProvider provider = provider(ENGINE_PROPERTY, name);
    return new EngineChoice(provider.name(), choice.deterministic() && provider.varies());
  }

  private static String usual() {
    return ofDevice == null ? ON_CPU : ofDevice.name();
  }

  /**
   * The engine for vectors that lie in this process's memory, whatever engines compute with them
   * elsewhere: the one on the CPU.
   */
  public static synchronized Engine host() {
    return opened(new EngineChoice(ON_CPU, false));
  }

  /**
   * Somebody begins to compute. As long as anybody does so who wants the same bits in every run,
   * all engines of that kind give them: libtorch has one setting for all of a process.
   */
  public static synchronized void begin(EngineChoice choice) {
    EngineChoice resolved = resolved(choice);
    if (resolved.deterministic() && DETERMINISTIC.merge(resolved.name(), 1, Integer::sum) == 1) {
      provider(ENGINE_PROPERTY, resolved.name()).setDeterministic(true);
    }
  }

  /** What {@link #begin} began has ended. */
  public static synchronized void end(EngineChoice choice) {
    EngineChoice resolved = resolved(choice);
    if (resolved.deterministic() && DETERMINISTIC.merge(resolved.name(), -1, Integer::sum) == 0) {
      provider(ENGINE_PROPERTY, resolved.name()).setDeterministic(false);
    }
  }

  /**
   * Closes the engines of this JVM, with their threads and scratch memory; the next call opens
   * others. For those who know that nobody in this JVM computes, and do not end it.
   */
  public static synchronized void close() {
    SHARED.values().forEach(Engine::close);
    SHARED.clear();
    ANNOUNCED.clear();
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
   * The name of an engine as the engine has it.
   *
   * @throws org.sparklora.model.config.InvalidSetting if there is none of this name
   */
  public static String named(String name) {
    return provider("engine", name).name();
  }

  /** What {@code lora.engine} says. */
  static Optional<String> told() {
    return Optional.ofNullable(System.getProperty(ENGINE_PROPERTY))
        .or(() -> Optional.ofNullable(System.getProperty(KERNELS_PROPERTY)));
  }

  /** Bytes in use on the GPU that this JVM computes on, whoever uses them; empty without one. */
  public static OptionalLong usedDeviceBytes() {
    EngineProvider provider = ofDevice;
    return provider == null ? OptionalLong.empty() : provider.usedDeviceBytes();
  }

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
