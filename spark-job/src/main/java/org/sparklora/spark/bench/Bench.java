package org.sparklora.spark.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.sparklora.model.AdapterStep;
import org.sparklora.model.Decoder;
import org.sparklora.model.PackedBatch;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.RandomWeights;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.generate.Generator;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.CrossEntropyLoss;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.train.meter.PeakMemory;

/**
 * {@code bench}: measures training steps and decoding of a model shape with random weights; prints
 * one JSON line per measurement, and progress on standard error. A step is forward and backward of
 * one packed row, without Deeplearning4j's update. Not thread-safe.
 */
public final class Bench {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long SEED = 1;

  /** No step starts after this time: measuring a slow engine should not take an hour. */
  private static final double PATIENCE_SECONDS = 20;

  /** Least number of timed steps, however slow. */
  private static final int LEAST_STEPS = 2;

  private final BenchConfig config;
  private final DecoderConfig model;
  private final Engine engine;
  private final PrintStream out;
  private final PrintStream progress;
  private final WarmUp warmUp;
  private final PeakMemory memory = new PeakMemory();

  Bench(BenchConfig config, Engine engine, WarmUp warmUp, PrintStream out, PrintStream progress) {
    this.config = config;
    this.model = ModelShapes.find(config.model());
    this.engine = engine.withProductsIn(config.precision().products());
    this.out = out;
    this.progress = progress;
    this.warmUp = warmUp;
  }

  public static void run(Settings settings) {
    run(settings, WarmUp.usual(), System.out, System.err);
  }

  /** Measures with another warm-up before each measurement, and prints to other streams. */
  static void run(Settings settings, WarmUp warmUp, PrintStream out, PrintStream progress) {
    Engine engine = Engines.of(ModelConfig.engine(settings));
    new Bench(BenchConfig.of(settings), engine, warmUp, out, progress).run();
  }

  void run() {
    config.ranks().forEach(this::train);
    if (!config.rows().isEmpty()) {
      decode();
    }
  }

  private void train(int rank) {
    LoraConfig lora = new LoraConfig(rank, 32, 0, false, LoraTargets.ofFlag(List.of("all-linear")));
    AdapterLayout layout = AdapterLayout.of(lora, model);
    progress.printf(Locale.ROOT, "sft, rank %d: making weights%n", rank);
    try (Decoder decoder = decoder(layout);
        AdapterStep step = new AdapterStep(decoder, engine, config.gradientCheckpointing());
        Tensor parameters = parameters(layout);
        Tensor gradient = engine.allocate(layout.size())) {
      PackedBatch batch = batch();
      CrossEntropyLoss loss = new CrossEntropyLoss(batch.tokenCount());
      Timings timings =
          timings(
              "sft, rank " + rank,
              () -> {
                engine.fill(gradient, 0);
                step.lossAndGradient(parameters, batch, loss, SEED, gradient);
                engine.sumOfSquares(gradient); // waits for the device
              });
      double adapted = layout.activeSize(model);
      double flops = StepFlops.training(model, adapted, config.documentTokens());
      Map<String, Object> line = line("sft");
      line.put(Flags.LORA_R.name(), rank);
      line.put("tokens", batch.tokenCount());
      line.put(Flags.GRADIENT_CHECKPOINTING.name(), config.gradientCheckpointing());
      timings.addTo(line);
      addSpeed(line, batch.tokenCount() / timings.median(), flops);
      print(line);
    }
  }

  /** Warms up, then times {@code config.steps()} steps, fewer if they are slow. */
  private Timings timings(String what, Runnable step) {
    WarmUp.Result warm = warmUp.run(() -> timed(what + ": warming up", step));
    List<Double> seconds = new ArrayList<>();
    double spent = 0;
    while (seconds.size() < LEAST_STEPS
        || seconds.size() < config.steps() && spent < PATIENCE_SECONDS) {
      int number = seconds.size() + 1;
      seconds.add(timed("%s: step %s of %s".formatted(what, number, config.steps()), step));
      spent += seconds.get(number - 1);
      memory.sample();
    }
    return new Timings(warm, seconds.stream().sorted().toList());
  }

  private double timed(String what, Runnable step) {
    long started = System.nanoTime();
    step.run();
    double seconds = (System.nanoTime() - started) / 1e9;
    progress.printf(Locale.ROOT, "%s, %.3f s%n", what, seconds);
    return seconds;
  }

  /**
   * Seconds of the steps of one measurement.
   *
   * @param warmUp the warm-up before the steps
   * @param seconds ascending
   */
  private record Timings(WarmUp.Result warmUp, List<Double> seconds) {
    double median() {
      return seconds.get(seconds.size() / 2);
    }

    void addTo(Map<String, Object> line) {
      line.put("warm_up_steps", warmUp.repetitions());
      line.put("warm_up_seconds", warmUp.seconds());
      line.put("warmed_up", warmUp.complete());
      line.put("steps", seconds.size());
      line.put("seconds_per_step", median());
      line.put("seconds_per_step_min", seconds.get(0));
      line.put("seconds_per_step_max", seconds.get(seconds.size() - 1));
    }
  }

  private Decoder decoder(ParameterLayout layout) {
    return Decoder.ofRandomWeights(model, layout, engine, config.precision());
  }

  /** Adapter parameters, all equal: their value does not affect the speed, but none may be zero. */
  private Tensor parameters(ParameterLayout layout) {
    Tensor parameters = engine.allocate(layout.size());
    engine.fill(parameters, RandomWeights.DEVIATION);
    return parameters;
  }

  /** One row, packed with documents of one length; all tokens but the row's last have a target. */
  private PackedBatch batch() {
    int tokens = config.tokens();
    int[] ids = random(tokens);
    int[] targets = new int[tokens];
    System.arraycopy(ids, 1, targets, 0, tokens - 1);
    targets[tokens - 1] = PackedBatch.NO_TARGET;
    int[] lengths = new int[-Math.floorDiv(-tokens, config.documentTokens())];
    Arrays.fill(lengths, config.documentTokens());
    lengths[lengths.length - 1] = tokens - config.documentTokens() * (lengths.length - 1);
    return new PackedBatch(ids, targets, Segments.ofLengths(lengths));
  }

  private int[] random(int count) {
    return new SplittableRandom(SEED).ints(count, 0, model.vocabSize()).toArray();
  }

  private void decode() {
    try (Decoder decoder = decoder(ParameterLayout.none());
        Tensor nothing = engine.allocate(0)) {
      for (int rows : config.rows()) {
        progress.printf(
            Locale.ROOT,
            "decode, %d rows: %d tokens after %d%n",
            rows,
            config.newTokens(),
            config.promptTokens());
        try (Generator generator = new Generator(decoder, engine, rows)) {
          print(decode(generator, nothing, rows));
        }
      }
    }
  }

  /** Times decoding, one token per row and step, without the time of the prompts. */
  private Map<String, Object> decode(Generator generator, Tensor parameters, int rows) {
    String what = "decode, %s rows".formatted(rows);
    Timings prompts = timings(what + ", prompts", () -> generate(generator, parameters, rows, 1));
    Timings whole = timings(what, () -> generate(generator, parameters, rows, config.newTokens()));
    long drawn = (long) rows * (config.newTokens() - 1);
    double keys = config.promptTokens() + config.newTokens() / 2.0;
    Map<String, Object> line = line("decode");
    line.put("rows", rows);
    line.put("prompt_tokens", config.promptTokens());
    line.put("new_tokens", config.newTokens());
    line.put("prefill_tokens_per_second", rows * config.promptTokens() / prompts.median());
    whole.addTo(line);
    addSpeed(
        line,
        drawn / Math.max(whole.median() - prompts.median(), 1e-9),
        StepFlops.decoding(model, keys));
    return line;
  }

  private void generate(Generator generator, Tensor parameters, int rows, int tokens) {
    List<Prompt> prompts = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      prompts.add(new Prompt(row, random(config.promptTokens())));
    }
    generator.generate(
        parameters, prompts, new SamplingConfig(1, tokens, SamplingRule.at(1), Set.of(), SEED));
  }

  private Map<String, Object> line(String what) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("bench", what);
    line.put("model", config.model());
    line.put("engine", engine.description());
    DType weights = Decoder.keptLinear(config.precision(), config.precision().weights(), engine);
    line.put("weights", weights.name().toLowerCase(Locale.ROOT));
    line.put("products", engine.operandType(Integer.MAX_VALUE).name().toLowerCase(Locale.ROOT));
    return line;
  }

  private void addSpeed(Map<String, Object> line, double tokensPerSecond, double flops) {
    line.put("tokens_per_second", tokensPerSecond);
    line.put("tflops", tokensPerSecond * flops / 1e12);
    config
        .peakTflops()
        .ifPresent(peak -> line.put("peak_share", tokensPerSecond * flops / 1e12 / peak));
    line.putAll(memory.metrics());
  }

  private void print(Map<String, Object> line) {
    try {
      out.println(JSON.writeValueAsString(line));
      out.flush();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
