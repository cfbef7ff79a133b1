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
import org.bytedeco.javacpp.Loader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.engine.hardware.CudaDevice;
import org.sparklora.model.engine.hardware.OpenBlasKernels;
import org.sparklora.model.engine.tensor.DType;

/**
 * The {@link Engine}s of this JVM by {@link EngineChoice}, from the providers on the class path.
 *
 * <p>System property {@code lora.engine} names the default engine ({@code vector}, {@code torch},
 * {@code nd4j} or {@code reference}; if unset, the one that uses the GPU which was {@link
 * #useDevice assigned}, else vector); {@code lora.threads} is the number of its threads, if unset
 * one for each CPU core.
 *
 * <p>Thread-safe.
 */
public final class Engines {
  private static final Logger LOG = LoggerFactory.getLogger(Engines.class);
  private static final String ENGINE_PROPERTY = "lora.engine";

  /** The former name of the property {@code lora.engine}. */
  private static final String KERNELS_PROPERTY = "lora.kernels";

  private static final String THREADS_PROPERTY = "lora.threads";
  private static final String ON_CPU = "vector";

  private static final List<EngineProvider> PROVIDERS =
      ServiceLoader.load(EngineProvider.class, Engines.class.getClassLoader()).stream()
          .map(ServiceLoader.Provider::get)
          .toList();

  /** Open engines by resolved choice; each is opened when it is first asked for. */
  private static final Map<EngineChoice, Engine> SHARED = new HashMap<>();

  private static final Set<EngineChoice> ANNOUNCED = new HashSet<>();

  /** The number of deterministic computations in progress, by the engine's name. */
  private static final Map<String, Integer> DETERMINISTIC = new HashMap<>();

  private static volatile CudaDevice device; // null without a GPU

  private static String usual = ON_CPU;

  private Engines() {}

  /**
   * The engine of a choice: opened and logged at the first call, shared by all callers with the
   * same choice until {@link #close}.
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
    String name = choice.name().isEmpty() ? told().orElse(usual) : choice.name();
    EngineProvider provider = provider(ENGINE_PROPERTY, name);
    return new EngineChoice(provider.name(), choice.deterministic() && provider.varies());
  }

  /** The engine for vectors in host memory: the CPU's, whatever engine computes on a device. */
  public static synchronized Engine host() {
    return opened(new EngineChoice(ON_CPU, false));
  }

  /**
   * Marks the beginning of a computation. While any computation with a deterministic choice runs,
   * all engines of that kind are deterministic: libtorch has one setting for the whole process.
   */
  public static synchronized void begin(EngineChoice choice) {
    EngineChoice resolved = resolved(choice);
    if (resolved.deterministic() && DETERMINISTIC.merge(resolved.name(), 1, Integer::sum) == 1) {
      provider(ENGINE_PROPERTY, resolved.name()).setDeterministic(true);
    }
  }

  /** Marks the end of a computation that {@link #begin} marked. */
  public static synchronized void end(EngineChoice choice) {
    EngineChoice resolved = resolved(choice);
    if (resolved.deterministic() && DETERMINISTIC.merge(resolved.name(), -1, Integer::sum) == 0) {
      provider(ENGINE_PROPERTY, resolved.name()).setDeterministic(false);
    }
  }

  /**
   * Closes the engines of this JVM, with their threads and scratch memory; later calls open new
   * ones. For callers that keep the JVM running and know that nothing computes in it.
   */
  public static synchronized void close() {
    SHARED.values().forEach(Engine::close);
    SHARED.clear();
    ANNOUNCED.clear();
  }

  /**
   * Assigns a GPU to this JVM, and makes an engine that uses it the default unless {@code
   * lora.engine} names another. To be called before any computation; a build for CPUs only warns.
   *
   * @param address the device's number as the cluster gives it, equal to that of {@code nvidia-smi}
   * @throws IllegalStateException if the device, its driver or its compute capability is not
   *     supported; names the found and the supported ones
   */
  public static synchronized void useDevice(int address) {
    for (EngineProvider provider : PROVIDERS) {
      Optional<CudaDevice> assigned = provider.useDevice(address);
      if (assigned.isPresent()) {
        device = assigned.get();
        usual = provider.name();
        LOG.info("Computing on {}", device);
        return;
      }
    }
    LOG.warn(
        "GPU {} is assigned to this process, which will not use it: this is a build for CPUs. Build"
            + " with mvn -Pcuda package, or -Pnd4j-cuda for GPUs before Ampere",
        address);
  }

  /**
   * The canonical spelling of an engine's name.
   *
   * @throws org.sparklora.model.config.InvalidSetting if no engine has this name
   */
  public static String named(String name) {
    return provider("engine", name).name();
  }

  /** The value of {@code lora.engine}, or of its former name. */
  static Optional<String> told() {
    return Optional.ofNullable(System.getProperty(ENGINE_PROPERTY))
        .or(() -> Optional.ofNullable(System.getProperty(KERNELS_PROPERTY)));
  }

  /** Bytes in use, by all processes, on the GPU that this JVM computes on; empty without a GPU. */
  public static OptionalLong usedDeviceBytes() {
    CudaDevice used = device;
    return used == null ? OptionalLong.empty() : used.usedBytes();
  }

  /**
   * Opens a new engine with its own threads, which the caller closes.
   *
   * @param name a name as in {@code lora.engine}; if the JVM cannot load its vector module, {@code
   *     vector} opens the reference engine with a warning
   */
  public static Engine open(String name, int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException(
          "Cannot compute on %s threads: set %s to at least 1"
              .formatted(threads, THREADS_PROPERTY));
    }
    OpenBlasKernels.choose(); // ND4J and libtorch load OpenBLAS
    return open(provider(ENGINE_PROPERTY, name), threads);
  }

  static Engine open(EngineProvider provider, int threads) {
    try {
      return new Engine(provider.open(threads));
    } catch (LinkageError e) {
      String reason = String.valueOf(e.getMessage() == null ? e.getCause() : e.getMessage());
      String first = reason.replaceFirst("(?s)\\R.*", "");
      throw new IllegalStateException(
          "Cannot load the libraries of the engine %s for %s: %s; build for this platform (mvn -Dnatives.platform=…; torch: -Ptorch or -Pcuda), or name another engine in lora.engine"
              .formatted(provider.name(), Loader.getPlatform(), first),
          e);
    }
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
   * An engine that computes nothing, whose tensors have shapes but no memory, and read as zeros:
   * counts the memory of a pass with products and kept activations of these types.
   */
  public static Engine counting(DType products, DType activations) {
    return new Engine(CountingKernels.of(products, activations));
  }

  /** An engine that only reports linear layers' products, in {@code like}'s types and sizes. */
  public static Engine counting(Engine like, Consumer<LinearProduct> products) {
    return new Engine(CountingKernels.like(like.kernels, products));
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
