package org.sparklora.model;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.Generator;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.AccumulationWindow;
import org.sparklora.model.loss.GrpoLoss;
import org.sparklora.model.loss.GrpoLossConfigs;

/**
 * Prints the time of GRPO steps on one random prompt: generation, then forward and backward with
 * the prompt shared, then without, and how far the learner's log-probabilities are from the
 * sampler's.
 *
 * <p>Run: {@code java --add-modules=jdk.incubator.vector -cp … org.sparklora.model.
 * PolicyStepBenchmark CHECKPOINT [steps] [completions] [tokens a completion] [tokens a prompt]
 * [type of products]}.
 */
final class PolicyStepBenchmark {
  private PolicyStepBenchmark() {}

  public static void main(String[] args) throws IOException {
    int steps = args.length > 1 ? Integer.parseInt(args[1]) : 3;
    int completions = args.length > 2 ? Integer.parseInt(args[2]) : 8;
    int length = args.length > 3 ? Integer.parseInt(args[3]) : 64;
    int promptLength = args.length > 4 ? Integer.parseInt(args[4]) : 100;
    DType products = args.length > 5 ? DType.valueOf(args[5]) : DType.FLOAT32;
    Engine engine = Engines.of(EngineChoice.USUAL).withProductsIn(products);
    System.out.println(engine.description());
    try (CheckpointFolder checkpoint = CheckpointFolder.open(Path.of(args[0]))) {
      AdapterLayout layout =
          AdapterLayout.of(
              new LoraConfig(1, 32, 0, false, LoraTargets.names(List.of("all-linear"))),
              checkpoint.config());
      Decoder decoder = Decoder.load(checkpoint, layout, engine, Precision.FLOAT32);
      SamplingConfig config =
          new SamplingConfig(completions, length, SamplingRule.at(1), Set.of(), 42);
      try (Tensor parameters = engine.allocate(layout.size());
          Tensor gradient = engine.allocate(layout.size());
          Generator generator = new Generator(decoder, engine);
          AdapterStep step = new AdapterStep(decoder, engine, false)) {
        layout.initialize(parameters, 1);
        Random random = new Random(1);
        for (int i = 0; i < steps; i++) {
          int[] prompt = random.ints(promptLength, 0, checkpoint.config().vocabSize()).toArray();
          Clock clock = new Clock();
          List<Completion> drawn =
              generator.generate(parameters, List.of(new Prompt(i, prompt)), config);
          Clock.Time generation = clock.lap();
          PolicyBatch shared = PolicyBatch.of(rows(prompt, drawn));
          clock.lap();
          StepResult result = update(step, parameters, gradient, shared);
          Clock.Time update = clock.lap();
          for (PolicyRow row : rows(prompt, drawn)) {
            update(step, parameters, gradient, PolicyBatch.of(List.of(row)));
          }
          System.out.printf(
              "generation %s, update %s (without sharing %s), %.1f completion tokens/s; log-probabilities differ by %s; %s%n",
              generation,
              update,
              clock.lap(),
              completions * length / (generation.seconds() + update.seconds()),
              difference(drawn, result),
              peak());
        }
      }
    }
  }

  /** Time on the wall, and of all processors: what counts on a machine that others use too. */
  private static final class Clock {
    private final OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private Time last = now();

    private record Time(double seconds, double processorSeconds) {
      @Override
      public String toString() {
        return "%.2f s (processors %.2f s)".formatted(seconds, processorSeconds);
      }
    }

    private Time now() {
      return new Time(System.nanoTime() / 1e9, system.getProcessCpuTime() / 1e9);
    }

    /** Since the clock was made, or the last lap. */
    Time lap() {
      Time now = now();
      Time lap = new Time(now.seconds - last.seconds, now.processorSeconds - last.processorSeconds);
      last = now;
      return lap;
    }
  }

  private static List<PolicyRow> rows(int[] prompt, List<Completion> completions) {
    List<PolicyRow> rows = new ArrayList<>();
    for (Completion completion : completions) {
      float advantage = completion.index() % 2 == 0 ? 1 : -1;
      rows.add(PolicyRow.of(prompt, completion.tokens(), advantage, false));
    }
    return rows;
  }

  private static StepResult update(
      AdapterStep step, Tensor parameters, Tensor gradient, PolicyBatch batch) {
    AccumulationWindow window = AccumulationWindow.of(1, batch.targets().tokens(), 1);
    GrpoLoss loss = new GrpoLoss(GrpoLossConfigs.defaults(), batch.targets(), window, 0);
    return step.lossAndGradient(parameters, batch.packed(), loss, 0, gradient);
  }

  private static String difference(List<Completion> completions, StepResult result) {
    double largest = 0;
    double sum = 0;
    int m = 0;
    for (Completion completion : completions) {
      for (float logProb : completion.logProbs()) {
        double difference = Math.abs(logProb - result.logProbs().logProbs()[m++]);
        largest = Math.max(largest, difference);
        sum += difference;
      }
    }
    return "%.1e on average, %.1e at most".formatted(sum / m, largest);
  }

  private static String peak() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM"))
        .findFirst()
        .orElse("memory unknown")
        .replaceAll("\\s+", " ");
  }
}
