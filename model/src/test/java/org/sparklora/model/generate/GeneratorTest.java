package org.sparklora.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sparklora.model.generate.Completions.assertSame;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.AdapterStep;
import org.sparklora.model.Decoder;
import org.sparklora.model.GoldenModel;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.generate.Completion.StopReason;
import org.sparklora.model.lora.AdapterFile;

/** Batches of completions of a random model with an adapter, of every engine. */
class GeneratorTest {
  private static final int LENGTH = 12;

  /** End tokens that a random model of 512 tokens meets within 12 tokens now and then. */
  private static final Set<Integer> OFTEN_ENDS = endTokens();

  private Engine engine;
  private Decoder decoder;
  private Tensor parameters;

  private static Set<Integer> endTokens() {
    Integer[] ids = new Integer[40];
    Arrays.setAll(ids, i -> 12 * i);
    return Set.of(ids);
  }

  static Stream<Engine> engines() {
    return EnginesUnderTest.all();
  }

  private void load(Engine engineUnderTest) throws IOException {
    engine = engineUnderTest;
    try (CheckpointFolder checkpoint = GoldenModel.checkpoint("qwen3-tiny")) {
      AdapterFile file =
          AdapterFile.open(GoldenModel.adapterFolder("qwen3-tiny"), checkpoint.config());
      decoder = Decoder.load(checkpoint, file.layout(), engine, Precision.FLOAT32);
      parameters = engine.allocate(file.layout().size());
      file.load(engine, parameters);
    }
  }

  @AfterEach
  void close() {
    parameters.close();
    decoder.close();
  }

  private static SamplingConfig sampling(int generations, float temperature, long seed) {
    return new SamplingConfig(generations, LENGTH, SamplingRule.at(temperature), OFTEN_ENDS, seed);
  }

  /** Prompts of 1 to 9 tokens. */
  private static List<Prompt> prompts(int count) {
    SplittableRandom random = new SplittableRandom(5);
    List<Prompt> prompts = new ArrayList<>();
    for (int p = 0; p < count; p++) {
      prompts.add(new Prompt(100 + p, random.ints(1 + p * 5 % 9, 0, 512).toArray()));
    }
    return prompts;
  }

  private List<Completion> generate(int rows, List<Prompt> prompts, SamplingConfig config) {
    try (Generator generator = new Generator(decoder, engine, rows)) {
      return generator.generate(parameters, prompts, config);
    }
  }

  @EachEngine
  @MethodSource("engines")
  void completionsDoNotDependOnWhatElseIsInTheBatch(Engine engineUnderTest) throws IOException {
    load(engineUnderTest);
    List<Prompt> prompts = prompts(7);
    List<Completion> together = generate(64, prompts, sampling(3, 1, 42));

    for (int rows : new int[] {1, 5, 9, 15, 21}) {
      assertSame(engine, generate(rows, prompts, sampling(3, 1, 42)), together);
    }
  }

  @EachEngine
  @MethodSource("engines")
  void completionsOfAPromptAreTheSameAloneAndInAnyOrder(Engine engineUnderTest) throws IOException {
    load(engineUnderTest);
    List<Prompt> prompts = prompts(5);
    List<Completion> together = generate(64, prompts, sampling(2, 1, 42));
    List<Prompt> reversed = new ArrayList<>(prompts);
    Collections.reverse(reversed);

    assertSame(
        engine, generate(64, prompts.subList(3, 4), sampling(2, 1, 42)), together.subList(6, 8));
    assertSame(
        engine, generate(64, reversed, sampling(2, 1, 42)).subList(2, 4), together.subList(6, 8));
  }

  @EachEngine
  @MethodSource("engines")
  void moreCompletionsBeginWithTheSameOnes(Engine engineUnderTest) throws IOException {
    load(engineUnderTest);
    List<Prompt> one = prompts(1);
    assertSame(
        engine,
        generate(64, one, sampling(8, 1, 42)).subList(0, 3),
        generate(64, one, sampling(3, 1, 42)));
  }

  @EachEngine
  @MethodSource("engines")
  void anotherSeedGivesOtherCompletions(Engine engineUnderTest) throws IOException {
    load(engineUnderTest);
    List<Completion> first = generate(64, prompts(3), sampling(2, 1, 42));
    List<Completion> second = generate(64, prompts(3), sampling(2, 1, 43));
    assertThat(second.get(0).tokens()).isNotEqualTo(first.get(0).tokens());
    assertThat(first.get(0).tokens()).isNotEqualTo(first.get(1).tokens());
  }

  @EachEngine
  @MethodSource("engines")
  void logProbsAreThoseThatTheLearnerComputes(Engine engineUnderTest) throws IOException {
    load(engineUnderTest);
    float temperature = 0.7f;
    assertLearnersLogProbs(
        prompts(4),
        new SamplingConfig(
            2, LENGTH, new SamplingRule(temperature, 40, 0.9f, 0.01f, 1.2f), OFTEN_ENDS, 1));
  }

  @EachEngine
  @MethodSource("engines")
  void textsOfSeveralPagesOfTheCacheSeeAllOfThem(Engine engineUnderTest) throws IOException {
    load(engineUnderTest);
    int tokens = 2 * KvCache.PAGE + 3;
    List<Prompt> prompts = new ArrayList<>(prompts(2));
    prompts.add(new Prompt(102, new SplittableRandom(1).ints(tokens, 0, 512).toArray()));
    assertLearnersLogProbs(
        prompts, new SamplingConfig(2, tokens, SamplingRule.at(0.7f), Set.of(), 1));
  }

  private void assertLearnersLogProbs(List<Prompt> prompts, SamplingConfig config) {
    float temperature = config.rule().temperature();
    List<Completion> completions = generate(64, prompts, config);
    try (AdapterStep step = new AdapterStep(decoder, engine, false)) {
      Completions.assertLearned(step, parameters, prompts, temperature, completions);
    }
  }

  @EachEngine
  @MethodSource("engines")
  void completionsEndWithAnEndTokenOrAtTheirLargestLength(Engine engineUnderTest)
      throws IOException {
    load(engineUnderTest);
    List<Completion> completions = generate(64, prompts(6), sampling(4, 1, 42));
    assertThat(completions).extracting(Completion::stopReason).contains(StopReason.values());
    for (Completion completion : completions) {
      int[] tokens = completion.tokens();
      assertThat(completion.logProbs()).hasSameSizeAs(tokens);
      boolean ended = OFTEN_ENDS.contains(tokens[tokens.length - 1]);
      assertThat(completion.stopReason()).isEqualTo(ended ? StopReason.EOS : StopReason.LENGTH);
      assertThat(Arrays.stream(tokens, 0, tokens.length - 1)).noneMatch(OFTEN_ENDS::contains);
      if (!ended) {
        assertThat(tokens).hasSize(LENGTH);
      }
    }
  }

  @EachEngine
  @MethodSource("engines")
  void lowTemperatureBecomesGreedy(Engine engineUnderTest) throws IOException {
    load(engineUnderTest);
    SamplingConfig greedy = new SamplingConfig(1, LENGTH, SamplingRule.at(0), Set.of(), 7);
    SamplingConfig cold = new SamplingConfig(1, LENGTH, SamplingRule.at(1e-4f), Set.of(), 7);
    List<Completion> likeliest = generate(64, prompts(3), greedy);
    List<Completion> drawn = generate(64, prompts(3), cold);
    for (int p = 0; p < 3; p++) {
      assertThat(drawn.get(p).tokens()).isEqualTo(likeliest.get(p).tokens());
    }
  }

  @EachEngine
  @MethodSource("engines")
  void oneTokenIsEnough(Engine engineUnderTest) throws IOException {
    load(engineUnderTest);
    SamplingConfig one = new SamplingConfig(2, 1, SamplingRule.at(1), Set.of(), 7);
    assertThat(generate(1, prompts(3), one))
        .hasSize(6)
        .allMatch(completion -> completion.tokens().length == 1);
  }

  @EachEngine
  @MethodSource("engines")
  void noPromptsGiveNoCompletions(Engine engineUnderTest) throws IOException {
    load(engineUnderTest);
    assertThat(generate(64, List.of(), sampling(2, 1, 42))).isEmpty();
  }

  @EachEngine
  @MethodSource("engines")
  void refusesWhatCannotBeCompleted(Engine engineUnderTest) throws IOException {
    load(engineUnderTest);
    assertThatThrownBy(() -> new Prompt(17, new int[0])).hasMessageContaining("prompt 17");
    assertThatThrownBy(
            () -> generate(1, List.of(new Prompt(3, new int[] {5, 512})), sampling(1, 1, 1)))
        .hasMessageContaining("prompt 3")
        .hasMessageContaining("token id 512")
        .hasMessageContaining("vocabulary of 512");
    Prompt twice = new Prompt(3, new int[] {5});
    assertThatThrownBy(() -> generate(1, List.of(twice, twice), sampling(1, 1, 1)))
        .hasMessageContaining("one id");
    assertThatThrownBy(() -> new Generator(decoder, engine, 0)).hasMessageContaining("at least 1");
  }

  /** Parameters of which nothing but views can be used, and these are counted. */
  private static final class CountedViews extends Tensor {
    private final Tensor tensor;
    private int views = 0;

    CountedViews(Tensor tensor) {
      super(tensor.dtype(), tensor.shape());
      this.tensor = tensor;
    }

    @Override
    protected Tensor viewAt(long offset, long... shape) {
      views++;
      return tensor.view(offset, shape);
    }

    @Override
    public void read(long offset, float[] destination, int from, int count) {
      tensor.read(offset, destination, from, count);
    }

    @Override
    public void write(long offset, float[] source, int from, int count) {
      tensor.write(offset, source, from, count);
    }

    @Override
    public void close() {
      // the tensor's owner does
    }
  }

  @EachEngine
  @MethodSource("engines")
  void layersAreBoundToTheParametersOnceForAllTokens(Engine engineUnderTest) throws IOException {
    load(engineUnderTest);
    int[] views = new int[2];
    for (int i = 0; i < 2; i++) {
      CountedViews counted = new CountedViews(parameters);
      List<Prompt> prompts = prompts(1 + 5 * i);
      SamplingConfig config = new SamplingConfig(2, 1 + 9 * i, SamplingRule.at(1), Set.of(), 42);
      try (Generator generator = new Generator(decoder, engine, 4)) {
        assertSame(
            engine,
            generator.generate(counted, prompts, config),
            generator.generate(parameters, prompts, config));
      }
      views[i] = counted.views;
    }
    assertThat(views[0]).isPositive();
    assertThat(views[1]).isEqualTo(views[0]);
  }
}
