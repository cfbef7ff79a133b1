package org.sparklora.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.sparklora.model.generate.Completions.assertSame;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.Decoder;
import org.sparklora.model.GoldenModel;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.Quantization;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterFile;

/**
 * What a completion gets depends on nothing but its prompt, the seed and its index: to the last bit
 * where engines compute rows independently, else to rounding.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BatchInvarianceTest {
  private static final int LENGTH = 3;

  private final Map<String, Model> models = new HashMap<>();

  private record Model(Decoder decoder, Tensor parameters) {}

  private Model model(Engine engine, DType weights) {
    return models.computeIfAbsent(
        System.identityHashCode(engine) + weights.name(), key -> load(engine, weights));
  }

  private static Model load(Engine engine, DType weights) {
    try (CheckpointFolder checkpoint = GoldenModel.checkpoint("qwen3-tiny")) {
      AdapterFile file =
          AdapterFile.open(GoldenModel.adapterFolder("qwen3-tiny"), checkpoint.config());
      Quantization quantization = Quantization.of(weights == DType.NF4, false);
      DType others = weights == DType.NF4 ? DType.FLOAT32 : weights;
      Precision precision = new Precision(others, DType.FLOAT32, quantization);
      Decoder decoder = Decoder.load(checkpoint, file.layout(), engine, precision);
      Tensor parameters = engine.allocate(file.layout().size());
      file.load(engine, parameters);
      return new Model(decoder, parameters);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @AfterAll
  void close() {
    models.values().forEach(model -> model.decoder.close());
    models.values().forEach(model -> model.parameters.close());
  }

  static Stream<Engine> engines() {
    return EnginesUnderTest.allThatDecode();
  }

  private List<Completion> generate(
      Engine engine, DType weights, int rows, List<Prompt> prompts, SamplingConfig config) {
    Model model = model(engine, weights);
    try (Generator generator = new Generator(model.decoder, engine, rows)) {
      return generator.generate(model.parameters, prompts, config);
    }
  }

  private static SamplingConfig sampling(int completions, float temperature) {
    return new SamplingConfig(completions, LENGTH, SamplingRule.at(temperature), Set.of(), 42);
  }

  private static Prompt prompt(int id, int length) {
    return new Prompt(id, new SplittableRandom(id).ints(length, 0, 512).toArray());
  }

  /** The prompt is longer than what is decoded at once, and computed by other products. */
  @EachEngine
  @MethodSource("engines")
  void completionsDoNotDependOnHowManyThereAre(Engine engine) {
    List<Prompt> prompts = List.of(prompt(3, 150));
    // engines without independent rows compute no blocks of rows: fewer numbers show as much
    boolean inBlocks = engine.independentRows() > 0;
    int most = inBlocks ? 1000 : 129;
    List<Completion> many = generate(engine, DType.FLOAT32, 64, prompts, sampling(most, 1));
    assertThat(many).hasSize(most);
    for (int completions :
        inBlocks ? new int[] {1, 2, 40, 63, 64, 65, 128, 129, 256} : new int[] {1, 2, 65}) {
      assertSame(
          engine,
          many.subList(0, completions),
          generate(engine, DType.FLOAT32, 64, prompts, sampling(completions, 1)));
    }
  }

  static Stream<Arguments> enginesAndWeights() {
    return EnginesUnderTest.allThatDecode()
        .flatMap(
            engine ->
                Stream.of(DType.FLOAT32, DType.BFLOAT16, DType.NF4)
                    .filter(weights -> weights != DType.NF4 || engine.keepsNf4())
                    .map(weights -> arguments(engine, weights)));
  }

  @EachEngine
  @MethodSource("enginesAndWeights")
  void completionsDoNotDependOnOtherPromptsAndHowManyAreInFlight(Engine engine, DType weights) {
    List<Prompt> prompts = new ArrayList<>();
    for (int id = 0; id < 16; id++) {
      prompts.add(prompt(id, 1 + id * 7 % 40));
    }
    Map<Integer, List<Completion>> alone = new HashMap<>();
    for (int id : new int[] {0, 7, 15}) {
      List<Prompt> one = prompts.subList(id, id + 1);
      alone.put(id, generate(engine, weights, 64, one, sampling(9, 0.7f)));
    }
    for (int rows :
        engine.independentRows() > 0 ? new int[] {1, 64, 129, 1000} : new int[] {1, 1000}) {
      List<Completion> together = generate(engine, weights, rows, prompts, sampling(9, 0.7f));
      alone.forEach(
          (id, completions) ->
              assertSame(engine, together.subList(9 * id, 9 * id + 9), completions));
    }
  }

  /** Short ones are computed together, up to as many tokens as an engine has independent rows. */
  @EachEngine
  @MethodSource("engines")
  void completionsDoNotDependOnThePromptsThatAreComputedWithTheirs(Engine engine) {
    int[] lengths = {1, 2, 63, 62, 1, 65, 64, 128, 129, 5, 256, 40, 88, 3};
    List<Prompt> prompts = new ArrayList<>();
    for (int id = 0; id < lengths.length; id++) {
      prompts.add(prompt(id, lengths[id]));
    }
    List<Completion> together = generate(engine, DType.FLOAT32, 64, prompts, sampling(2, 1));
    Collections.reverse(prompts);
    List<Completion> reversed = generate(engine, DType.FLOAT32, 64, prompts, sampling(2, 1));
    for (int id = 0; id < lengths.length; id++) {
      int place = lengths.length - 1 - id;
      List<Completion> alone =
          generate(engine, DType.FLOAT32, 64, prompts.subList(place, place + 1), sampling(2, 1));
      assertSame(engine, together.subList(2 * id, 2 * id + 2), alone);
      assertSame(engine, reversed.subList(2 * place, 2 * place + 2), alone);
    }
  }

  /** Completions begin and end at different times, so that pages of the cache change hands. */
  @EachEngine
  @MethodSource("engines")
  void completionsDoNotDependOnWhereTheirPagesLie(Engine engine) {
    List<Prompt> prompts =
        IntStream.range(0, 12).mapToObj(id -> prompt(id, 10 + 7 * id % 30)).toList();
    Set<Integer> ends = IntStream.range(0, 16).mapToObj(i -> 32 * i).collect(Collectors.toSet());
    SamplingConfig config = new SamplingConfig(2, 3 * KvCache.PAGE, SamplingRule.at(1), ends, 42);
    List<Completion> crowded = generate(engine, DType.FLOAT32, 5, prompts, config);
    assertThat(crowded).anyMatch(completion -> completion.tokens().length > KvCache.PAGE);
    assertThat(crowded).anyMatch(completion -> completion.tokens().length < KvCache.PAGE);
    for (int id : new int[] {3, 11}) {
      assertSame(
          engine,
          crowded.subList(2 * id, 2 * id + 2),
          generate(engine, DType.FLOAT32, 64, prompts.subList(id, id + 1), config));
    }
  }
}
