package org.sparklora.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.ProfiledEngine;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.engine.vector.ProductsAlone;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.CrossEntropyLoss;

/**
 * Prints the time and memory of steps on rows of random tokens, four documents a row, and the last
 * step's profile by kind of work.
 *
 * <p>Run: {@code java --add-modules=jdk.incubator.vector -cp … org.sparklora.model.StepBenchmark
 * CHECKPOINT [rank, 0 for all weights] [tokens a row] [steps] [dropout] [FLOAT32 or BFLOAT16]
 * [gradient checkpointing: true or false] [products: FLOAT32 or BFLOAT16]}.
 */
final class StepBenchmark {
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

  private static final int PAIRS = 5;

  private StepBenchmark() {}

  public static void main(String[] args) throws IOException {
    int rank = args.length > 1 ? Integer.parseInt(args[1]) : 256;
    int tokens = args.length > 2 ? Integer.parseInt(args[2]) : 1024;
    int steps = args.length > 3 ? Integer.parseInt(args[3]) : 3;
    double dropout = args.length > 4 ? Double.parseDouble(args[4]) : 0;
    DType weights = args.length > 5 ? DType.valueOf(args[5]) : DType.FLOAT32;
    boolean checkpointing = args.length > 6 && Boolean.parseBoolean(args[6]);
    DType products = args.length > 7 ? DType.valueOf(args[7]) : DType.FLOAT32;
    ProfiledEngine profiled =
        new ProfiledEngine(Engines.of(EngineChoice.USUAL).withProductsIn(products));
    Engine engine = profiled.engine();
    try (CheckpointFolder checkpoint = CheckpointFolder.open(Path.of(args[0]))) {
      ParameterLayout layout;
      Tensor parameters;
      if (rank == 0) {
        WeightLayout all = WeightLayout.of(checkpoint.config());
        parameters = engine.allocate(all.size());
        all.load(checkpoint, engine, parameters);
        layout = all;
      } else {
        LoraConfig config =
            new LoraConfig(rank, 16, dropout, false, LoraTargets.names(List.of("all-linear")));
        AdapterLayout adapter = AdapterLayout.of(config, checkpoint.config());
        parameters = engine.allocate(adapter.size());
        adapter.initialize(parameters, 1);
        layout = adapter;
      }
      Decoder decoder =
          Decoder.load(checkpoint, layout, engine, new Precision(weights, DType.FLOAT32));
      Tensor gradient = engine.allocate(layout.size());
      System.out.println(
          "%s, frozen weights %.0f MB, %s"
              .formatted(engine.description(), decoder.weightBytes() / 1e6, memory()));
      try (AdapterStep step = new AdapterStep(decoder, engine, checkpointing)) {
        PackedBatch batch = batch(tokens, checkpoint.config().vocabSize());
        for (int i = 0; i < steps; i++) {
          profiled.restart();
          long start = System.nanoTime();
          StepResult result =
              step.lossAndGradient(parameters, batch, new CrossEntropyLoss(tokens), i, gradient);
          double seconds = (System.nanoTime() - start) / 1e9;
          System.out.printf(
              "loss %.4f, %.2f s, %.1f tokens/s, %.2f s of processor, %.0f %% of all processors unused, activations %.0f MB, %s%n",
              result.loss(),
              seconds,
              tokens / seconds,
              profiled.processorSeconds(),
              100 * (1 - profiled.processorSeconds() / (seconds * PROCESSORS)),
              step.activationBytes() / 1e6,
              memory());
        }
        System.out.print(profiled.report());
        compareWithProducts(
            profiled,
            products,
            () ->
                step.lossAndGradient(parameters, batch, new CrossEntropyLoss(tokens), 0, gradient));
      }
    }
  }

  /** Steps and their products alone in turn, until both have been measured {@link #PAIRS} times. */
  private static void compareWithProducts(ProfiledEngine profiled, DType type, Runnable step) {
    double[] ratios = new double[PAIRS];
    try (ProductsAlone alone = new ProductsAlone(profiled.products(), type, PROCESSORS)) {
      for (int pair = 0; pair < PAIRS; pair++) {
        profiled.restart();
        step.run();
        double whole = profiled.processorSeconds();
        double products = alone.run();
        ratios[pair] = whole / products;
        System.out.printf(
            "step %.2f s of processor, its products alone %.2f (%.0f GFLOP a second): ratio %.2f%n",
            whole, products, alone.operations() / 1e9 / products, ratios[pair]);
      }
    }
    Arrays.sort(ratios);
    System.out.printf("median ratio %.2f%n", ratios[PAIRS / 2]);
  }

  private static PackedBatch batch(int tokens, int vocabSize) {
    int[] ids = new Random(1).ints(tokens, 0, vocabSize).toArray();
    int quarter = tokens / 4;
    int[] lengths = {quarter, quarter, quarter, tokens - 3 * quarter};
    return PackedBatch.of(List.of(new PackedBatch.Row(ids, ids, lengths)));
  }

  /** Resident memory of the process and its peak, which is what the operating system counts. */
  private static String memory() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return "memory unknown";
    }
    return String.join(
        ", ",
        Files.readAllLines(status).stream()
            .filter(line -> line.matches("(VmHWM|VmRSS|RssAnon|RssFile):.*"))
            .map(line -> line.replaceAll("\\s+", " "))
            .toList());
  }
}
