package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.generate.Completions;
import org.sparklora.model.generate.Generator;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;

/** Texts of both lengths, of at most four tokens and of more, in one batch. */
class LongRopeTest {
  private static final int LONGEST_SHORT_TEXT = 4;
  private static final double[] SHORT = {1, 1.5};
  private static final double[] LONG = {3, 8};

  private static final int[] SHORT_TEXT = {1, 5, 2, 9};
  private static final int[] LONG_TEXT = {6, 7, 8, 1, 2, 4};

  /** Float32 sums in another order. */
  private static final float ROUNDING = 1e-4f;

  @TempDir Path folder;
  private int models = 0;

  static Stream<Engine> engines() {
    return EnginesUnderTest.all();
  }

  private Decoder decoder(Engine engine, double[] shortFactors, double[] longFactors)
      throws IOException {
    ObjectNode config = TinyCheckpoint.config("llama").put("max_position_embeddings", 64);
    ObjectNode rope = config.putObject("rope_scaling").put("rope_type", "longrope");
    rope.put("original_max_position_embeddings", LONGEST_SHORT_TEXT);
    rope.putArray("short_factor").add(shortFactors[0]).add(shortFactors[1]);
    rope.putArray("long_factor").add(longFactors[0]).add(longFactors[1]);
    models++;
    try (CheckpointFolder checkpoint =
        TinyCheckpoint.write(folder.resolve("model-" + models), config)) {
      return Decoder.load(checkpoint, ParameterLayout.none(), engine, Precision.FLOAT32);
    }
  }

  private float[] logProbs(
      Engine engine, double[] shortFactors, double[] longFactors, PackedBatch batch)
      throws IOException {
    try (Decoder decoder = decoder(engine, shortFactors, longFactors);
        Tensor parameters = engine.allocate(0);
        AdapterStep step = new AdapterStep(decoder, engine, false)) {
      return step.logProbs(parameters, batch, 1f).logProbs();
    }
  }

  private static float[] joined(float[]... parts) {
    int count = Arrays.stream(parts).mapToInt(part -> part.length).sum();
    float[] all = new float[count];
    int next = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, next, part.length);
      next += part.length;
    }
    return all;
  }

  @EachEngine
  @MethodSource("engines")
  void documentsOfARowHaveTheFrequenciesOfTheirOwnLengths(Engine engine) throws IOException {
    float[] ofShort = logProbs(engine, SHORT, SHORT, OneDocument.of(SHORT_TEXT));
    float[] ofLong = logProbs(engine, LONG, LONG, OneDocument.of(LONG_TEXT));
    PackedBatch packed =
        PackedBatch.of(
            Stream.of(LONG_TEXT, SHORT_TEXT, LONG_TEXT)
                .map(text -> PackedBatch.Row.of(text, text))
                .toList());
    assertThat(logProbs(engine, SHORT, LONG, packed))
        .containsExactly(joined(ofLong, ofShort, ofLong), within(ROUNDING));

    float[] otherwise = logProbs(engine, SHORT, SHORT, OneDocument.of(LONG_TEXT));
    assertThat(IntStream.range(0, ofLong.length).mapToDouble(n -> ofLong[n] - otherwise[n]))
        .as("the factors change probabilities")
        .anyMatch(difference -> Math.abs(difference) > 10 * ROUNDING);
  }

  /** Without its last token, which begins each completion's document, the prompt is short. */
  @EachEngine
  @MethodSource("engines")
  void aSharedPromptHasTheFrequenciesOfItsCompletions(Engine engine) throws IOException {
    int[] prompt = Arrays.copyOf(LONG_TEXT, LONGEST_SHORT_TEXT + 1);
    PolicyRow first = PolicyRow.of(prompt, new int[] {6, 7}, 1, false);
    PolicyRow second = PolicyRow.of(prompt, new int[] {8}, -1, false);
    PackedBatch together = PolicyBatch.of(List.of(first, second)).packed();
    assertThat(together.segments().prefixes()).contains(0);
    assertThat(logProbs(engine, SHORT, LONG, together))
        .containsExactly(
            joined(
                logProbs(engine, LONG, LONG, PolicyBatch.of(List.of(first)).packed()),
                logProbs(engine, LONG, LONG, PolicyBatch.of(List.of(second)).packed())),
            within(ROUNDING));
  }

  @Test
  void completionsOfBothLengthsCannotShareAPrompt() {
    int[] prompt = {1, 2, 5};
    PackedBatch across =
        PolicyBatch.of(
                List.of(
                    PolicyRow.of(prompt, new int[] {6, 7}, 1, false),
                    PolicyRow.of(prompt, new int[] {6, 7, 8}, -1, false)))
            .packed();
    assertThatThrownBy(() -> logProbs(EnginesUnderTest.reference(), SHORT, LONG, across))
        .hasMessageContaining("share their first 2 tokens")
        .hasMessageContaining("more than 4")
        .hasMessageContaining("--max_completion_length");
  }

  @EachEngine
  @MethodSource("engines")
  void completionsHaveTheProbabilitiesThatALearnerComputes(Engine engine) throws IOException {
    List<Prompt> prompts =
        List.of(
            new Prompt(0, new int[] {1}), new Prompt(1, LONG_TEXT), new Prompt(2, new int[] {9}));
    SamplingConfig sampling = new SamplingConfig(2, 3, SamplingRule.at(1), Set.of(), 42);
    try (Decoder decoder = decoder(engine, SHORT, LONG);
        Tensor parameters = engine.allocate(0);
        AdapterStep step = new AdapterStep(decoder, engine, false);
        Generator generator = new Generator(decoder, engine)) {
      Completions.assertLearned(
          step, parameters, prompts, 1, generator.generate(parameters, prompts, sampling));
    }
  }

  @Test
  void aPromptWhoseCompletionMayTakeItToOtherFrequenciesIsRefused() throws IOException {
    Engine engine = EnginesUnderTest.reference();
    SamplingConfig sampling = new SamplingConfig(1, 3, SamplingRule.at(1), Set.of(), 42);
    List<Prompt> prompts = List.of(new Prompt(7, new int[] {1, 2}));
    try (Decoder decoder = decoder(engine, SHORT, LONG);
        Tensor parameters = engine.allocate(0);
        Generator generator = new Generator(decoder, engine)) {
      assertThatThrownBy(() -> generator.generate(parameters, prompts, sampling))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("prompt 7: it has 2 tokens")
          .hasMessageContaining("more than 4")
          .hasMessageContaining("--max_completion_length, which is 3, to 2");
    }
  }
}
