package org.sparklora.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sparklora.model.generate.Completions.assertSame;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.Decoder;
import org.sparklora.model.GoldenModel;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterFile;

/** The tokens of other completions choose other experts, and change nothing in a completion. */
class MixtureInvarianceTest {
  private static final String MODEL = "qwen3-moe-tiny";

  static Stream<Engine> engines() {
    return EnginesUnderTest.allThatDecode();
  }

  @EachEngine
  @MethodSource("engines")
  void completionsDoNotDependOnThoseComputedWithThem(Engine engine) throws IOException {
    List<Prompt> prompts =
        IntStream.range(0, 14)
            .mapToObj(id -> new Prompt(id, randomIds(id, 1 + 13 * id % 40 + id / 13 * 150)))
            .toList();
    SamplingConfig sampling = new SamplingConfig(3, 9, SamplingRule.at(1), Set.of(), 42);
    try (CheckpointFolder checkpoint = GoldenModel.checkpoint(MODEL)) {
      AdapterFile file = AdapterFile.open(GoldenModel.adapterFolder(MODEL), checkpoint.config());
      try (Decoder decoder = Decoder.load(checkpoint, file.layout(), engine, Precision.FLOAT32);
          Tensor parameters = engine.allocate(file.layout().size());
          Generator generator = new Generator(decoder, engine, 64)) {
        file.load(engine, parameters);
        List<Completion> together = generator.generate(parameters, prompts, sampling);
        assertThat(together).hasSize(3 * prompts.size());
        for (int id = 0; id < prompts.size(); id++) {
          List<Prompt> one = prompts.subList(id, id + 1);
          List<Completion> alone = generator.generate(parameters, one, sampling);
          assertSame(engine, together.subList(3 * id, 3 * id + 3), alone);
        }
      }
    }
  }

  private static int[] randomIds(int seed, int length) {
    return new SplittableRandom(seed).ints(length, 4, 256).toArray();
  }
}
