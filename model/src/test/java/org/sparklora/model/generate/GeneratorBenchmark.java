package org.sparklora.model.generate;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.sparklora.model.Decoder;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.engine.vector.MemoryBandwidth;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;

/**
 * Prints how fast completions of random prompts of 100 tokens are made, for several numbers of
 * completions at a time, what the Java heap was asked for, and the bytes of weights that are read a
 * second beside what the same threads read of memory when they do nothing else, before and after.
 *
 * <p>Run: {@code java --add-modules=jdk.incubator.vector -cp …
 * org.sparklora.model.generate.GeneratorBenchmark CHECKPOINT [rank, 0 for none] [tokens a
 * completion] [completions a prompt] [type of products] [prompts …]}.
 */
final class GeneratorBenchmark {
  private static final int PROMPT_TOKENS = 100;

  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private GeneratorBenchmark() {}

  public static void main(String[] args) throws IOException {
    int rank = args.length > 1 ? Integer.parseInt(args[1]) : 1;
    int tokens = args.length > 2 ? Integer.parseInt(args[2]) : 64;
    int generations = args.length > 3 ? Integer.parseInt(args[3]) : 8;
    DType products = args.length > 4 ? DType.valueOf(args[4]) : DType.FLOAT32;
    Engine engine = Engines.of(EngineChoice.USUAL).withProductsIn(products);
    try (CheckpointFolder checkpoint = CheckpointFolder.open(Path.of(args[0]))) {
      ParameterLayout layout =
          rank == 0
              ? ParameterLayout.none()
              : AdapterLayout.of(
                  new LoraConfig(rank, 32, 0, false, LoraTargets.names(List.of("all-linear"))),
                  checkpoint.config());
      Tensor parameters = engine.allocate(layout.size());
      if (layout instanceof AdapterLayout adapter) {
        adapter.initialize(parameters, 1);
      }
      Decoder decoder = Decoder.load(checkpoint, layout, engine, Precision.FLOAT32);
      System.out.println(engine.description());
      try (Generator generator = new Generator(decoder, engine)) {
        for (int i = 5; i < Math.max(6, args.length); i++) {
          int count = args.length > 5 ? Integer.parseInt(args[i]) : 1;
          List<Prompt> prompts = prompts(count, checkpoint.config().vocabSize());
          time(generator, parameters, prompts, config(generations, 1));
          double before = MemoryBandwidth.bytesReadASecond(decoder.weightBytes());
          double first = time(generator, parameters, prompts, config(generations, 1));
          long allocated = allocatedBytes();
          double all = time(generator, parameters, prompts, config(generations, tokens));
          allocated = allocatedBytes() - allocated;
          double memory = (before + MemoryBandwidth.bytesReadASecond(decoder.weightBytes())) / 2;
          double weights = decoder.weightBytes() * (tokens - 1) / (all - first);
          long rows = (long) count * generations;
          System.out.printf(
              "%d rows: %.2f s, of which prompts %.2f s; %.1f tokens/s, in decoding alone %.1f, %.1f ms a step; %.3f MB allocated a token; weights at %.1f of %.1f GB/s, %.0f %%%n",
              rows,
              all,
              first,
              rows * tokens / all,
              rows * (tokens - 1) / (all - first),
              1e3 * (all - first) / (tokens - 1),
              allocated / 1e6 / (rows * tokens),
              weights / 1e9,
              memory / 1e9,
              100 * weights / memory);
        }
      }
    }
  }

  private static SamplingConfig config(int generations, int tokens) {
    return new SamplingConfig(generations, tokens, SamplingRule.at(1), Set.of(), 42);
  }

  private static List<Prompt> prompts(int count, int vocabSize) {
    Random random = new Random(1);
    List<Prompt> prompts = new ArrayList<>();
    for (int p = 0; p < count; p++) {
      prompts.add(new Prompt(p, random.ints(PROMPT_TOKENS, 0, vocabSize).toArray()));
    }
    return prompts;
  }

  /** What all threads have, since they began; vectors that become objects would be most of it. */
  private static long allocatedBytes() {
    return Arrays.stream(THREADS.getThreadAllocatedBytes(THREADS.getAllThreadIds())).sum();
  }

  private static double time(
      Generator generator, Tensor parameters, List<Prompt> prompts, SamplingConfig config) {
    long start = System.nanoTime();
    generator.generate(parameters, prompts, config);
    return (System.nanoTime() - start) / 1e9;
  }
}
