package org.sparklora.spark.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.AdapterStep;
import org.sparklora.model.Decoder;
import org.sparklora.model.PackedBatch;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Arrival;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.Generator;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.run.Once;
import org.sparklora.spark.meter.ExecutorMeter;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.TokenizerDialect;

/**
 * The model of an executor: the frozen weights are read from the checkpoint once per JVM and shared
 * by its tasks, so they are never broadcast, averaged or serialised.
 *
 * <p>Who uses it opens it with {@link #of} and closes it. It stays in memory for the next task
 * until the last run that {@link #hold holds} it {@link #release releases} it, or, on executors,
 * which do not hear of that, until models of later runs take its place.
 *
 * <p>Thread-safe. Tasks take turns, since one micro-batch already keeps all cores of the engine
 * busy and a second one would only double the activations.
 */
public final class ExecutorModel implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ExecutorModel.class);

  /** Models that nobody uses just now: two runs side by side find theirs again. */
  private static final int MOST_IDLE = 2;

  /**
   * The latest used last; guards itself and all {@link Shared#users}, and never waits for a load.
   */
  private static final Map<TrainedModel, Shared> LOADED = new LinkedHashMap<>(16, 0.75f, true);

  /** How many runs of this process use a model that more than none does; guarded by LOADED. */
  private static final Map<TrainedModel, Integer> RUNS = new HashMap<>();

  private final Decoder decoder;
  private final ParameterLayout layout;
  private final Engine engine;
  private final Engine memory; // the same, under the name that vectors know: of any products
  private final AdapterStep step;
  private final CrossEntropyStep supervised;
  private final PolicyStep policy;
  private final ModelSource checkpoint;
  private final TokenizerDialect dialect;
  private Tokenizer tokenizer; // null until it is asked for
  private Generator generator; // likewise; its copies of frozen weights serve all rounds
  private final ReentrantLock turn = new ReentrantLock(true);
  private final Shared place;
  private final EngineChoice choice;

  /** A model's place among those of this JVM, from before it is loaded. */
  private static final class Shared {
    private final Once<ExecutorModel> model = new Once<>();
    private int users; // with those who wait until it is loaded
    private volatile boolean released;
  }

  private ExecutorModel(TrainedModel source, Shared place) {
    this.place = place;
    this.choice = source.engine();
    this.engine = engine(choice, source.precision().products());
    this.memory = Engines.of(choice);
    this.layout = source.layout();
    this.decoder = load(source, layout, engine);
    this.step = new AdapterStep(decoder, engine, source.gradientCheckpointing());
    DropoutSeed dropout = new DropoutSeed(source.seed());
    this.supervised = new CrossEntropyStep(step, memory, dropout);
    this.policy = new PolicyStep(step, memory, dropout);
    this.checkpoint = source.checkpoint();
    this.dialect = source.dialect();
  }

  /** An engine of this JVM with products of a type; says so where it has none. */
  public static Engine engine(EngineChoice choice, DType products) {
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
   * This JVM's copy, which the caller closes; the first call reads the weights. Calls for the same
   * model wait meanwhile, and those for others do not.
   */
  public static ExecutorModel of(TrainedModel source) {
    return of(source, () -> {});
  }

  /**
   * @param loading is called before weights are read
   */
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
      Engines.begin(model.choice);
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

  /** A run of this process begins to use a model, and will {@link #release} it. */
  public static void hold(TrainedModel source) {
    synchronized (LOADED) {
      RUNS.merge(source, 1, Integer::sum);
    }
  }

  /**
   * A run that {@link #hold holds} a model has ended. If it was the last one, this JVM's copy is
   * forgotten and its memory freed, after the micro-batch that is being computed: a run that failed
   * or was interrupted may have tasks in progress, which fail then.
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
    place.model.loaded().ifPresent(ExecutorModel::free); // unless loading it failed
  }

  private void free() {
    if (generator != null) {
      generator.close();
    }
    step.close();
    decoder.close();
  }

  /** Ends the use that {@link #of} began. */
  @Override
  public void close() {
    Engines.end(choice);
    leave(place);
  }

  private void requireWanted() {
    Interruption.check();
    if (place.released) {
      throw new IllegalStateException("The run that this model was loaded for is over");
    }
  }

  /** The model's tokenizer, read at the first call. */
  public synchronized Tokenizer tokenizer() {
    if (tokenizer == null) {
      tokenizer = Tokenizer.load(checkpoint.folder(), dialect);
    }
    return tokenizer;
  }

  /** How the trained parameters lie in their vector. */
  public ParameterLayout layout() {
    return layout;
  }

  /** {@link #begin} and its end. */
  public StepMetrics accumulate(
      StepRows rows, TrainingRows table, FlatVector parameters, FlatVector gradient) {
    return begin(rows, table, parameters, gradient).await();
  }

  /**
   * Adds the gradient of a step's micro-batches to {@code gradient}, where the engine computes. No
   * device is waited for until the metrics are.
   *
   * @param table whose rows they are
   * @param parameters {@code layout().size()} of them; read
   * @param gradient as many; added to
   * @return what was measured; throws a {@link NonFiniteLossException} if a micro-batch's loss is
   *     not finite
   */
  public Arrival<StepMetrics> begin(
      StepRows rows, TrainingRows table, FlatVector parameters, FlatVector gradient) {
    turn.lock();
    try {
      return supervised.begin(rows, table, parameters, gradient, this::requireWanted);
    } finally {
      turn.unlock();
    }
  }

  /**
   * Measures a micro-batch without dropout, divided by its own target tokens.
   *
   * @param numbers of its rows
   * @param parameters {@code layout().size()} of them; read
   */
  public StepMetrics evaluate(int[] numbers, TrainingRows table, FlatVector parameters) {
    turn.lock();
    try {
      requireWanted();
      return supervised.evaluate(numbers, table, parameters);
    } finally {
      turn.unlock();
    }
  }

  /**
   * Computes a policy micro-batch. Completions from which nothing can be learnt take a forward pass
   * only.
   *
   * @param parameters {@code layout().size()} of them; read
   * @throws NonFiniteLossException if its loss is not finite
   */
  public PolicyGradient gradient(PolicyMicroBatch micro, FlatVector parameters) {
    PolicySplit split = PolicySplit.of(micro.rows(), micro.skipsFlatRows());
    boolean learns = split.trained().packed().tokenCount() > 0;
    FlatVector gradient = new FlatVector(learns ? layout.size() : 0).handedOver();
    turn.lock();
    try {
      requireWanted();
      return policy.gradient(micro, split, parameters, gradient);
    } catch (RuntimeException | Error e) {
      gradient.close();
      throw e;
    } finally {
      turn.unlock();
    }
  }

  /**
   * Measures a policy micro-batch without dropout and without a gradient. All its completions may
   * be masked: then there is nothing to compute.
   *
   * @param parameters {@code layout().size()} of them; read
   */
  public PolicyGradient evaluate(PolicyMicroBatch micro, FlatVector parameters) {
    turn.lock();
    try {
      requireWanted();
      return policy.evaluate(micro, parameters);
    } finally {
      turn.unlock();
    }
  }

  /**
   * Completes prompts.
   *
   * @param parameters {@code layout().size()} of them; read
   */
  public List<Completion> generate(
      FlatVector parameters, List<Prompt> prompts, SamplingConfig sampling) {
    turn.lock();
    long started = System.nanoTime();
    try {
      requireWanted();
      if (generator == null) {
        generator = new Generator(decoder, engine);
      }
      List<Completion> completions = generator.generate(parameters.on(memory), prompts, sampling);
      long tokens = completions.stream().mapToLong(one -> one.tokens().length).sum();
      ExecutorMeter.here().generated(tokens, System.nanoTime() - started);
      return completions;
    } finally {
      turn.unlock();
    }
  }

  /**
   * Log-probabilities of a batch's targets, logits divided by temperature, without dropout.
   *
   * @param parameters {@code layout().size()} of them; read
   */
  public float[] logProbs(FlatVector parameters, PackedBatch batch, float temperature) {
    turn.lock();
    try {
      requireWanted();
      return step.logProbs(parameters.on(memory), batch, temperature).logProbs();
    } finally {
      turn.unlock();
    }
  }
}
