package org.sparklora.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.AdapterStep;
import org.sparklora.model.Decoder;
import org.sparklora.model.PackedBatch;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Arrival;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.Generator;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.run.Once;
import org.sparklora.train.meter.ExecutorMeter;
import org.sparklora.train.vector.FlatVector;

/**
 * The model of an executor: the frozen weights are read from the checkpoint once per JVM and shared
 * by its tasks, so they are never broadcast, averaged or serialised.
 *
 * <p>Callers open the model with {@link #of} and close it. It stays in memory for the next task
 * until the last run that {@link #hold holds} it {@link #release releases} it, or, while idle,
 * models of later runs evict it. Executors, which are not told of the end of a run, only evict
 * models.
 *
 * <p>Parameters that a method reads, and gradients that it adds to, are vectors of the model's
 * {@link TrainedModel#layout}.
 *
 * <p>Thread-safe. Tasks take turns: one micro-batch already uses all cores, and a second would only
 * double the activations.
 */
public final class ExecutorModel implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ExecutorModel.class);

  /** Most idle models that stay in memory: enough for two runs side by side. */
  private static final int MOST_IDLE = 2;

  /**
   * In the order of last use. Its lock also guards all {@link Shared#users}, and is never held
   * during a load.
   */
  private static final Map<TrainedModel, Shared> LOADED = new LinkedHashMap<>(16, 0.75f, true);

  /** Number of this process's runs that hold a model; guarded by LOADED. */
  private static final Map<TrainedModel, Integer> RUNS = new HashMap<>();

  private final Decoder decoder;
  private final ParameterLayout layout;
  private final Engine engine;
  private final Engine memory; // the engine that owns vectors, whatever its product kernels
  private final AdapterStep step;
  private final CrossEntropyStep supervised;
  private final PolicyStep policy;
  private final TrainedModel source;
  private Generator generator; // null until used; its weight copies serve all rounds
  private final ReentrantLock turn = new ReentrantLock(true);
  private final Shared place;

  /** A model's entry in {@link #LOADED}, made before the model is loaded. */
  private static final class Shared {
    private final Once<ExecutorModel> model = new Once<>();
    private int users; // includes callers that wait for the load
    private volatile boolean released;
  }

  private ExecutorModel(TrainedModel source, Shared place) {
    this.source = source;
    this.place = place;
    this.engine = engine(source.engine(), source.precision().products());
    this.memory = Engines.of(source.engine());
    this.layout = source.layout();
    this.decoder = load(source, layout, engine);
    this.step = new AdapterStep(decoder, engine, source.gradientCheckpointing());
    this.supervised = new CrossEntropyStep(step, memory, source);
    this.policy = new PolicyStep(step, memory, source);
  }

  /** An engine of this JVM with products of a type; warns if the CPU has no bfloat16 products. */
  private static Engine engine(EngineChoice choice, DType products) {
    Engine all = Engines.of(choice);
    Engine engine = all.withProductsIn(products);
    if (products == DType.BFLOAT16 && engine == all) {
      LOG.warn(
          "bf16: all products stay float32, since {} multiplies bfloat16 no faster here; that takes"
              + " AMX, or an AMD CPU with AVX-512 BF16",
          all.description());
    } else if (engine != all) {
      LOG.info("bf16: {}", engine.description());
    }
    return engine;
  }

  private static Decoder load(TrainedModel source, ParameterLayout layout, Engine engine) {
    try (CheckpointFolder folder = CheckpointFolder.open(source.checkpoint().folder())) {
      long started = System.nanoTime();
      Decoder decoder = Decoder.load(folder, layout, engine, source.precision());
      LOG.info(
          "Loaded the base model {} in {} s",
          source.checkpoint().name(),
          (System.nanoTime() - started) / 1_000_000_000);
      return decoder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * This JVM's copy of a model, which the caller closes. The first call reads the weights; further
   * calls for the same model wait meanwhile, calls for other models do not.
   */
  public static ExecutorModel of(TrainedModel source) {
    return of(source, () -> {});
  }

  /** Calls {@code loading} before weights are read. */
  static ExecutorModel of(TrainedModel source, Runnable loading) {
    Shared place;
    synchronized (LOADED) {
      place = LOADED.get(source);
      if (place == null) {
        forgetIdle();
        place = new Shared();
        LOADED.put(source, place);
      }
      place.users++;
    }
    Shared taken = place;
    try {
      ExecutorModel model =
          taken.model.get(
              () -> {
                loading.run();
                return new ExecutorModel(source, taken);
              });
      Engines.begin(source.engine());
      return model;
    } catch (RuntimeException | Error e) {
      leave(taken);
      throw e;
    }
  }

  private static void leave(Shared place) {
    synchronized (LOADED) {
      place.users--;
      LOADED.notifyAll();
    }
  }

  private static void forgetIdle() {
    List<TrainedModel> idle =
        LOADED.entrySet().stream()
            .filter(loaded -> loaded.getValue().users == 0)
            .map(Map.Entry::getKey)
            .toList();
    for (TrainedModel source : idle.subList(0, Math.max(0, idle.size() - MOST_IDLE + 1))) {
      free(LOADED.remove(source));
    }
  }

  /** Notes that a run of this process uses a model until it calls {@link #release}. */
  public static void hold(TrainedModel source) {
    synchronized (LOADED) {
      RUNS.merge(source, 1, Integer::sum);
    }
  }

  /**
   * Ends a run's {@link #hold} of a model. After the last one this JVM's copy is freed, once the
   * current micro-batch is done: a failed or interrupted run may still have tasks, which then fail.
   */
  public static void release(TrainedModel source) {
    boolean interrupted = false;
    synchronized (LOADED) {
      if (RUNS.computeIfPresent(source, (model, runs) -> runs == 1 ? null : runs - 1) != null) {
        return;
      }
      Shared place = LOADED.remove(source);
      if (place == null) {
        return;
      }
      place.released = true;
      while (place.users > 0) {
        try {
          LOADED.wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      free(place);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void free(Shared place) {
    place.model.loaded().ifPresent(ExecutorModel::free); // nothing is loaded if loading failed
  }

  private void free() {
    if (generator != null) {
      generator.close();
    }
    step.close();
    decoder.close();
  }

  /** Ends the use of the model that {@link #of} began. */
  @Override
  public void close() {
    Engines.end(source.engine());
    leave(place);
  }

  private void requireWanted() {
    Interruption.check();
    if (place.released) {
      throw new IllegalStateException("The run that this model was loaded for is over");
    }
  }

  /** Computes after all earlier callers. */
  private <T> T inTurn(Supplier<T> computation) {
    turn.lock();
    try {
      requireWanted();
      return computation.get();
    } finally {
      turn.unlock();
    }
  }

  /**
   * Adds the gradient of a step's micro-batches to {@code gradient} on the engine. Does not wait
   * for a device; the returned {@link Arrival} does.
   *
   * @return the step's metrics; waiting throws a {@link NonFiniteLossException} if a micro-batch's
   *     loss is not finite
   */
  public Arrival<StepMetrics> begin(
      StepRows rows, TrainingRows table, FlatVector parameters, FlatVector gradient) {
    return inTurn(() -> supervised.begin(rows, table, parameters, gradient, this::requireWanted));
  }

  /** Measures a micro-batch without dropout; divides its loss by its own target tokens. */
  public StepMetrics evaluate(int[] numbers, TrainingRows table, FlatVector parameters) {
    return inTurn(() -> supervised.evaluate(numbers, table, parameters));
  }

  /**
   * Computes a policy micro-batch. Completions without a gradient take a forward pass only.
   *
   * @throws NonFiniteLossException if the loss is not finite
   */
  public PolicyGradient gradient(PolicyMicroBatch micro, FlatVector parameters) {
    PolicySplit split = policy.split(micro);
    boolean learns = split.trained().packed().tokenCount() > 0;
    FlatVector gradient = new FlatVector(learns ? layout.size() : 0).handedOver();
    try {
      return inTurn(() -> policy.gradient(micro, split, parameters, gradient));
    } catch (RuntimeException | Error e) {
      gradient.close();
      throw e;
    }
  }

  /**
   * Measures a policy micro-batch without dropout and gradient. Computes nothing if all completions
   * are masked.
   */
  public PolicyGradient evaluate(PolicyMicroBatch micro, FlatVector parameters) {
    return inTurn(() -> policy.evaluate(micro, parameters));
  }

  public List<Completion> generate(
      FlatVector parameters, List<Prompt> prompts, SamplingConfig sampling) {
    return inTurn(
        () -> {
          long started = System.nanoTime();
          if (generator == null) {
            generator = new Generator(decoder, engine);
          }
          List<Completion> completions =
              generator.generate(parameters.on(memory), prompts, sampling);
          long tokens = completions.stream().mapToLong(one -> one.tokens().length).sum();
          ExecutorMeter.here().generated(tokens, System.nanoTime() - started);
          return completions;
        });
  }

  /** Log-probabilities of a batch's targets, logits divided by temperature, without dropout. */
  public float[] logProbs(FlatVector parameters, PackedBatch batch, float temperature) {
    return inTurn(() -> step.logProbs(parameters.on(memory), batch, temperature).logProbs());
  }
}
