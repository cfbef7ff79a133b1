package org.sparklora.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.AdapterStep;
import org.sparklora.model.Decoder;
import org.sparklora.model.GoldenModel;
import org.sparklora.model.IncrementalDecoder;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Branch.Run;
import org.sparklora.model.engine.DecodingSteps.Slots;
import org.sparklora.model.engine.DecodingSteps.Tokens;
import org.sparklora.model.engine.Draws;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.generate.Completion.StopReason;
import org.sparklora.model.layer.KeyValues;

/** Completions far longer than the windows of their model, whose cache forgets. */
class WindowedGenerationTest {
  /** Windows are 7 and 8 tokens. */
  private static final int LENGTH = 3 * KvCache.PAGE;

  private static final SamplingConfig CONFIG =
      new SamplingConfig(2, LENGTH, SamplingRule.at(1), Set.of(), 42);

  static Stream<Arguments> enginesAndModels() {
    return withModels(EnginesUnderTest.allThatDecode());
  }

  static Stream<Arguments> float32EnginesAndModels() {
    return withModels(EnginesUnderTest.all());
  }

  private static Stream<Arguments> withModels(Stream<Engine> engines) {
    List<String> models = List.of("gemma3-tiny", "mistral-window-tiny");
    return engines.flatMap(engine -> models.stream().map(model -> arguments(engine, model)));
  }

  /** The prompts' completions by engine and model, computed once for both tests. */
  private static final Map<List<Object>, List<Completion>> COMPLETED = new HashMap<>();

  private static List<Completion> completions(
      Engine engine, String model, Decoder decoder, Tensor nothing) {
    return COMPLETED.computeIfAbsent(
        List.of(engine, model),
        key -> {
          try (Generator generator = new Generator(decoder, engine)) {
            return generator.generate(nothing, prompts(), CONFIG);
          }
        });
  }

  private static Decoder load(Engine engine, String model) throws IOException {
    try (CheckpointFolder checkpoint = GoldenModel.checkpoint(model)) {
      return Decoder.load(checkpoint, ParameterLayout.none(), engine, Precision.FLOAT32);
    }
  }

  /** Some are computed together, the last, which is longer than such a pass, alone. */
  private static List<Prompt> prompts() {
    List<Prompt> prompts = new ArrayList<>();
    for (int length : new int[] {37, 1, 20, 150}) {
      int[] tokens = new SplittableRandom(length).ints(length, 4, 256).toArray();
      prompts.add(new Prompt(prompts.size(), tokens));
    }
    return prompts;
  }

  @EachEngine
  @MethodSource("enginesAndModels")
  void completionsAreThoseOfACacheThatKeepsAllTokensToTheBit(Engine engine, String model)
      throws IOException {
    try (Decoder decoder = load(engine, model);
        Tensor nothing = engine.allocate(0)) {
      List<Completion> completions = completions(engine, model, decoder, nothing);
      List<Completion> second = new ArrayList<>();
      List<Completion> expected = new ArrayList<>();
      for (Prompt prompt : prompts()) {
        second.add(completions.get(2 * (int) prompt.id() + 1));
        expected.add(keepingAll(engine, decoder, nothing, prompt));
      }
      Completions.assertSame(engine, second, expected);
    }
  }

  /** The second completion of a prompt, drawn with a slot for each token of the text. */
  private static Completion keepingAll(
      Engine engine, Decoder decoder, Tensor parameters, Prompt prompt) {
    DecoderConfig model = decoder.config();
    int length = prompt.tokens().length;
    int own = (length / KvCache.PAGE + 1) * KvCache.PAGE; // slot of the completion's first token
    List<KeyValues> cache = new ArrayList<>();
    for (int layer = 0; layer < model.numHiddenLayers(); layer++) {
      int count = own + LENGTH;
      cache.add(new KeyValues(slots(engine, model, count), slots(engine, model, count)));
    }
    Row row = new Row(prompt, 1, List.of());
    try (IncrementalDecoder incremental = new IncrementalDecoder(decoder, engine);
        IncrementalDecoder.Plan plan = incremental.plan(parameters);
        Tensor logits = engine.allocate(plan.rows(1), model.vocabSize())) {
      Map<Integer, List<Run>> first = new HashMap<>();
      model.layers().forEach(layer -> first.put(layer.window(), pages(0, length)));
      plan.begin(Segments.ofLengths(length), prompt.tokens(), first, cache, logits.rows(0, 1));
      while (row.length() < LENGTH) {
        Draws draws = Generator.draw(engine, CONFIG, logits.rows(0, 1), List.of(row));
        row.add(draws.tokens()[0], draws.logProbs()[0]);
        List<Run> runs = new ArrayList<>(pages(0, length));
        runs.addAll(pages(own, row.length()));
        SortedMap<Integer, Slots> seen = new TreeMap<>();
        for (DecoderConfig.Layer layer : model.layers()) {
          Branch all = new Branch(0, 1, runs, length + row.length(), layer.window());
          int[] slot = {own + row.length() - 1};
          seen.put(layer.window(), new Slots(slot, List.of(all.part(0, 1))));
        }
        int[] token = {row.lastToken()};
        plan.extend(new Tokens(token, new int[] {row.lastPosition()}, seen), cache, logits);
      }
      return row.end(StopReason.LENGTH);
    } finally {
      cache.forEach(layer -> layer.keys().close());
      cache.forEach(layer -> layer.values().close());
    }
  }

  private static Tensor slots(Engine engine, DecoderConfig model, int count) {
    return engine.allocate(engine.activationType(), count, model.heads().keyValueWidth());
  }

  /** Engines may add up the keys of a page first. */
  private static List<Run> pages(int start, int tokens) {
    List<Run> pages = new ArrayList<>();
    for (int from = 0; from < tokens; from += KvCache.PAGE) {
      pages.add(new Run(start + from, Math.min(KvCache.PAGE, tokens - from)));
    }
    return pages;
  }

  @EachEngine
  @MethodSource("float32EnginesAndModels")
  void logProbsAreThoseOfWholeTexts(Engine engine, String model) throws IOException {
    try (Decoder decoder = load(engine, model);
        Tensor nothing = engine.allocate(0);
        AdapterStep step = new AdapterStep(decoder, engine, false)) {
      List<Completion> completions = completions(engine, model, decoder, nothing);
      Completions.assertLearned(step, nothing, prompts(), 1, completions);
    }
  }

  /** All layers have a window of 7 tokens, which lie in at most 2 pages. */
  @Test
  void theCacheDoesNotGrowWithItsTexts() throws IOException {
    Kernels kernels = EnginesUnderTest.kernels("reference:1");
    int width = 16; // K·D; no other tensor has as many columns
    long[] most = {0};
    Kernels measured =
        (Kernels)
            Proxy.newProxyInstance(
                Kernels.class.getClassLoader(),
                new Class<?>[] {Kernels.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("allocate")) {
                    long[] shape = (long[]) arguments[1];
                    boolean isOfKeys = shape.length == 2 && shape[1] == width;
                    most[0] = isOfKeys ? Math.max(most[0], shape[0]) : most[0];
                  }
                  return method.invoke(kernels, arguments);
                });
    try (Engine engine = EnginesUnderTest.of(measured);
        Decoder decoder = load(engine, "mistral-window-tiny");
        Tensor nothing = engine.allocate(0);
        Generator generator = new Generator(decoder, engine)) {
      assertThat(decoder.config().heads().keyValueWidth()).isEqualTo(width);
      SamplingConfig config = new SamplingConfig(3, 150, SamplingRule.at(1), Set.of(), 42);
      Prompt prompt = new Prompt(0, new SplittableRandom(1).ints(30, 4, 256).toArray());
      assertThat(generator.generate(nothing, List.of(prompt), config))
          .allMatch(completion -> completion.tokens().length == 150);
      assertThat(most[0])
          .as("slots of 2 pages of each completion, whose number doubles; else 512")
          .isEqualTo(8L * KvCache.PAGE);
    }
  }
}
