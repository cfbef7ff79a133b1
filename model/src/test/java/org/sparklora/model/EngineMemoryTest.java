package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Nf4Tensor;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.generate.Generator;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.CrossEntropyLoss;

/**
 * What an engine and a decoder on it allocated outside the Java heap is freed when they are closed,
 * whatever happened before.
 */
class EngineMemoryTest {
  private static final PackedBatch BATCH = OneDocument.of(1, 5, 3, 9, 2, 0, 7);
  private static final List<Prompt> PROMPTS =
      List.of(new Prompt(0, new int[] {4, 1, 8}), new Prompt(1, new int[] {2}));
  private static final int BEYOND_THE_VOCABULARY = 11;

  @TempDir Path folder;
  private long before;

  static Stream<String> engines() {
    return EnginesUnderTest.names();
  }

  @BeforeEach
  void writeModel() throws IOException {
    TinyCheckpoint.write(folder, TinyCheckpoint.config("qwen3").put("dtype", "bfloat16")).close();
    before = NativeMemory.liveBytes();
  }

  @AfterEach
  void nothingIsOpen() {
    assertThat(NativeMemory.liveBytes() - before).isZero();
  }

  /** What a test does with a model. */
  private interface Use {
    void of(AdapterStep step, Generator generator, Tensor parameters, Tensor gradient);
  }

  private void inModel(Engine engine, float factors, Use use) throws IOException {
    try (CheckpointFolder checkpoint = CheckpointFolder.open(folder)) {
      AdapterLayout layout =
          AdapterLayout.of(
              new LoraConfig(2, 4, 0.1, false, LoraTargets.names(List.of("all-linear"))),
              checkpoint.config());
      float[] values = new float[(int) layout.size()];
      Arrays.fill(values, factors);
      try (Decoder decoder =
              Decoder.load(
                  checkpoint, layout, engine, new Precision(DType.BFLOAT16, DType.FLOAT32));
          Tensor parameters = engine.allocate(layout.size());
          Tensor gradient = engine.allocate(layout.size());
          AdapterStep step = new AdapterStep(decoder, engine, 0L);
          Generator generator = new Generator(decoder, engine, 2)) {
        parameters.write(0, values, 0, values.length);
        use.of(step, generator, parameters, gradient);
      }
    }
  }

  private static void stepAndCompletions(
      AdapterStep step, Generator generator, Tensor parameters, Tensor gradient) {
    CrossEntropyLoss loss = new CrossEntropyLoss(BATCH.targetPositions().length);
    step.lossAndGradient(parameters, BATCH, loss, 3, gradient);
    step.evaluate(parameters, BATCH, loss);
    generator.generate(parameters, PROMPTS, sampling());
  }

  /** Two completions, with all that a sampler can do. */
  private static SamplingConfig sampling() {
    return new SamplingConfig(2, 3, new SamplingRule(0.9f, 5, 0.9f, 0.01f, 1.1f), Set.of(), 1);
  }

  @EachEngine
  @MethodSource("engines")
  void isFreedAfterAStepAnEvaluationAndCompletions(String name) throws IOException {
    try (Engine engine = EnginesUnderTest.open(name)) {
      inModel(engine, 0.01f, EngineMemoryTest::stepAndCompletions);
    }
  }

  @EachEngine
  @MethodSource("engines")
  void isFreedAfterCompletionsOfAPolicyThatDiverged(String name) throws IOException {
    try (Engine engine = EnginesUnderTest.open(name)) {
      inModel(
          engine,
          Float.NaN,
          (step, generator, parameters, gradient) ->
              assertThatThrownBy(() -> stepAndCompletions(step, generator, parameters, gradient))
                  .hasMessageContaining("NaN or infinite numbers"));
    }
  }

  @EachEngine
  @MethodSource("engines")
  void isFreedAfterTokensBeyondTheVocabulary(String name) throws IOException {
    PackedBatch batch = OneDocument.of(1, BEYOND_THE_VOCABULARY);
    List<Prompt> prompts = List.of(new Prompt(0, new int[] {1, BEYOND_THE_VOCABULARY}));
    try (Engine engine = EnginesUnderTest.open(name)) {
      inModel(
          engine,
          0.01f,
          (step, generator, parameters, gradient) -> {
            stepAndCompletions(step, generator, parameters, gradient);
            assertThatThrownBy(
                    () ->
                        step.lossAndGradient(
                            parameters, batch, new CrossEntropyLoss(1), 3, gradient))
                .hasMessageContaining("vocabulary");
            assertThatThrownBy(() -> generator.generate(parameters, prompts, sampling()))
                .hasMessageContaining("vocabulary");
          });
    }
  }

  /** Copies of weights are a generation's own. */
  @EachEngine
  @MethodSource("engines")
  void isFreedAfterCompletionsWithProductsInBfloat16(String name) throws IOException {
    try (Engine engine = EnginesUnderTest.open(name)) {
      Engine rounding = engine.withProductsIn(DType.BFLOAT16);
      inModel(
          rounding,
          0.01f,
          (step, generator, parameters, gradient) -> {
            generator.generate(parameters, PROMPTS, sampling());
            generator.generate(parameters, PROMPTS, sampling());
          });
    }
  }

  /** Each allocation of the whole once. */
  @EachEngine
  @MethodSource("engines")
  void isFreedWhereverMemoryRunsOut(String name) throws IOException {
    int allocations = 0;
    for (boolean done = false; !done; allocations++) {
      try (Engine engine = failingAfter(allocations, EnginesUnderTest.kernels(name))) {
        inModel(engine, 0.01f, EngineMemoryTest::stepAndCompletions);
        done = true;
      } catch (OutOfMemoryError e) {
        assertThat(e).hasMessage("this is a test");
      }
      assertThat(NativeMemory.liveBytes() - before)
          .as("bytes that are open where allocation %d fails", allocations)
          .isZero();
    }
    assertThat(allocations).isGreaterThan(40);
  }

  /** An engine whose memory ends after some tensors. */
  private static Engine failingAfter(int allocations, Kernels kernels) {
    int[] left = {allocations};
    return EnginesUnderTest.failing(method -> method.equals("allocate") && left[0]-- == 0, kernels);
  }

  @EachEngine
  @MethodSource("engines")
  void isFreedWhereACopyRunsOutOfMemory(String name) {
    try (Engine engine = EnginesUnderTest.failing("copy"::equals, EnginesUnderTest.kernels(name));
        Tensor x = engine.allocate(2, 3)) {
      assertThatThrownBy(() -> engine.copyAs(DType.BFLOAT16, x)).hasMessage("this is a test");
    }
  }

  /** Engines that keep NF4 fail when they move it, the others when they widen it. */
  @EachEngine
  @MethodSource("engines")
  void isFreedWhereAQuantisedWeightFindsNoMemory(String name) {
    Set<String> calls = Set.of("quantized", "allocate");
    try (Engine engine = EnginesUnderTest.failing(calls::contains, EnginesUnderTest.kernels(name));
        HostTensor w = HostTensor.allocate(DType.FLOAT32, 2, 64)) {
      Nf4Tensor codes = Nf4Tensor.of(w, DType.FLOAT32, false);
      assertThatThrownBy(() -> engine.quantized(codes)).hasMessage("this is a test");
    }
  }
}
