package org.sparklora.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.Decoder;
import org.sparklora.model.GoldenModel;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterFile;

/** Greedy completions are those that transformers makes with its cache. */
class GeneratorGoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Log-probabilities of a trained model with large activations, over 30 layers. */
  private static final double LOG_PROBS = 2e-3;

  static Stream<Arguments> models() {
    return EnginesUnderTest.all()
        .flatMap(engine -> GoldenModel.NAMES.stream().map(model -> arguments(engine, model)));
  }

  @EachEngine
  @MethodSource("models")
  void greedyTokensOfTheBaseModelAreThoseOfTransformers(Engine engine, String model)
      throws IOException {
    try (CheckpointFolder checkpoint = GoldenModel.checkpoint(model);
        Tensor nothing = engine.allocate(0)) {
      Decoder decoder =
          Decoder.load(checkpoint, ParameterLayout.none(), engine, GoldenModel.precision(model));
      assertGreedy(model, decoder, engine, nothing, "gen_base");
    }
  }

  @EachEngine
  @MethodSource("models")
  void greedyTokensWithAnAdapterAreThoseOfPeft(Engine engine, String model) throws IOException {
    try (CheckpointFolder checkpoint = GoldenModel.checkpoint(model)) {
      AdapterFile adapter = AdapterFile.open(GoldenModel.adapterFolder(model), checkpoint.config());
      try (Tensor parameters = engine.allocate(adapter.layout().size())) {
        adapter.load(engine, parameters);
        Decoder decoder =
            Decoder.load(checkpoint, adapter.layout(), engine, GoldenModel.precision(model));
        assertGreedy(model, decoder, engine, parameters, "gen_lora");
      }
    }
  }

  private static void assertGreedy(
      String model, Decoder decoder, Engine engine, Tensor parameters, String expected)
      throws IOException {
    JsonNode golden = JSON.readTree(GoldenModel.file("golden/" + model + ".json").toFile());
    List<Prompt> prompts = new ArrayList<>();
    for (JsonNode prompt : golden.get("gen_prompts")) {
      prompts.add(new Prompt(prompts.size(), ids(prompt)));
    }
    int length = golden.get(expected).get(0).size();
    try (Generator generator = new Generator(decoder, engine)) {
      List<Completion> completions =
          generator.generate(parameters, prompts, greedy(length, Set.of()));
      assertThat(completions).hasSize(prompts.size());
      for (int p = 0; p < prompts.size(); p++) {
        assertThat(completions.get(p).tokens())
            .as("prompt %d", p)
            .containsExactly(ids(golden.get(expected).get(p)));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "SPARK_LORA_SMOLLM2, smollm2-135m, 2", // ci/make_smollm2.py makes it
    "SPARK_LORA_GEMMA3, gemma3-270m, 1" // ci/make_gemma3.py
  })
  void realModelsGoOnAsInTransformers(String variable, String name, int end) throws IOException {
    String folder = System.getenv(variable);
    if (folder == null) {
      System.out.printf("Skipped: %s names no folder with %s%n", variable, name);
    }
    assumeTrue(folder != null);
    Engine engine = Engines.of(EngineChoice.USUAL);
    JsonNode cases = JSON.readTree(GoldenModel.file("golden/" + name + ".json").toFile());
    try (CheckpointFolder checkpoint = CheckpointFolder.open(Path.of(folder));
        Generator generator =
            new Generator(
                Decoder.load(checkpoint, ParameterLayout.none(), engine, Precision.FLOAT32),
                engine)) {
      for (JsonNode one : cases) {
        int[] prompt = ids(one.get("prompt_ids"));
        int[] greedy = ids(one.get("greedy_ids"));
        Completion completion =
            generator
                .generate(
                    engine.allocate(0),
                    List.of(new Prompt(0, prompt)),
                    greedy(greedy.length, Set.of(end)))
                .get(0);

        assertThat(completion.tokens()).containsExactly(greedy);
        JsonNode logProbs = one.get("token_logps_of_prompt_plus_greedy");
        for (int t = 0; t < greedy.length; t++) {
          assertThat((double) completion.logProbs()[t])
              .isCloseTo(logProbs.get(prompt.length - 1 + t).asDouble(), within(LOG_PROBS));
        }
      }
    }
  }

  private static int[] ids(JsonNode array) {
    int[] ids = new int[array.size()];
    Arrays.setAll(ids, i -> array.get(i).asInt());
    return ids;
  }

  private static SamplingConfig greedy(int maxCompletionLength, Set<Integer> endTokens) {
    return new SamplingConfig(1, maxCompletionLength, SamplingRule.at(0), endTokens, 0);
  }
}
