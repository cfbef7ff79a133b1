package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.AccumulationWindow;
import org.sparklora.model.loss.CrossEntropyLoss;
import org.sparklora.model.loss.GrpoLoss;
import org.sparklora.model.loss.GrpoLossConfigs;
import org.sparklora.model.loss.TokenLogProbs;

class AdapterStepTest {
  private static final CrossEntropyLoss LOSS = new CrossEntropyLoss(10);

  /** Sums of float32 numbers near 1 in another order. */
  private static final float ROUNDING = 1e-5f;

  private final Engine engine = EnginesUnderTest.reference();
  private AdapterLayout layout;
  private AdapterStep step;
  private AdapterStep withoutDropout;
  private Tensor parameters;

  @TempDir Path folder;

  @BeforeEach
  void load() throws IOException {
    load("qwen3");
  }

  private void load(String modelType) throws IOException {
    ObjectNode json = TinyCheckpoint.config(modelType).put("sliding_window", 3);
    CheckpointFolder checkpoint = TinyCheckpoint.write(folder.resolve(modelType), json);
    LoraConfig config = new LoraConfig(2, 4, 0.5, false, LoraTargets.names(List.of("all-linear")));
    layout = AdapterLayout.of(config, checkpoint.config());
    step =
        new AdapterStep(Decoder.load(checkpoint, layout, engine, Precision.FLOAT32), engine, false);
    AdapterLayout still =
        AdapterLayout.of(
            new LoraConfig(2, 4, 0, false, LoraTargets.names(List.of("all-linear"))),
            checkpoint.config());
    withoutDropout =
        new AdapterStep(Decoder.load(checkpoint, still, engine, Precision.FLOAT32), engine, false);
    parameters = TinyCheckpoint.random(new Random(3), 0, 0.3, layout.size());
  }

  @Test
  void evaluationEqualsTrainingWhereOnlySomeLayersHaveAdapters() throws IOException {
    CheckpointFolder checkpoint =
        TinyCheckpoint.write(folder.resolve("qwen2"), TinyCheckpoint.config("qwen2"));
    LoraTargets targets = LoraTargets.ofFlag(List.of(".*\\.1\\..*(q|down)_proj"));
    AdapterLayout some =
        AdapterLayout.of(new LoraConfig(3, 6, 0, false, targets), checkpoint.config());
    AdapterStep partly =
        new AdapterStep(Decoder.load(checkpoint, some, engine, Precision.FLOAT32), engine, false);
    Tensor factors = TinyCheckpoint.random(new Random(4), 0, 0.3, some.size());
    PackedBatch batch = OneDocument.of(1, 2, 3, 4);
    Tensor gradient = engine.allocate(some.size());

    double trained = partly.lossAndGradient(factors, batch, LOSS, 0, gradient).loss();

    assertThat(partly.evaluate(factors, batch, LOSS).loss()).isEqualTo(trained);
  }

  @Test
  void gradientIsAddedToWhatIsThere() {
    PackedBatch batch = OneDocument.of(1, 2, 3, 4);
    Tensor once = engine.allocate(layout.size());
    step.lossAndGradient(parameters, batch, LOSS, 5, once);
    Tensor twice = engine.allocate(layout.size());
    step.lossAndGradient(parameters, batch, LOSS, 5, twice);
    step.lossAndGradient(parameters, batch, LOSS, 5, twice);

    float[] doubled = once.toArray();
    for (int i = 0; i < doubled.length; i++) {
      doubled[i] *= 2;
    }
    assertThat(twice.toArray()).containsExactly(doubled, within(ROUNDING));
  }

  @Test
  void documentsOfOneRowDoNotSeeEachOther() {
    int[] first = {1, 2, 3, 4, 5};
    int[] second = {6, 7, 8};
    TokenLogProbs alone = step.logProbs(parameters, OneDocument.of(second), 1f);
    PackedBatch packed =
        PackedBatch.of(
            List.of(PackedBatch.Row.of(first, first), PackedBatch.Row.of(second, second)));
    TokenLogProbs together = step.logProbs(parameters, packed, 1f);

    float[] tail =
        Arrays.copyOfRange(together.logProbs(), together.count() - alone.count(), together.count());
    assertThat(tail).containsExactly(alone.logProbs());
  }

  /** Four completions of two prompts, of which two follow a shared one. */
  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "mistral", "gemma3_text"}) // without windows, with them
  void completionsThatShareAPromptGetWhatTheyGetAlone(String modelType) throws IOException {
    load(modelType);
    int[] prompt = {1, 2, 3, 4};
    List<PolicyRow> rows =
        List.of(
            completion(prompt, 1, 5, 6, 7),
            completion(new int[] {9}, -1, 8, 7),
            completion(prompt, -0.5f, 10),
            completion(prompt, 0.25f, 5, 5, 1, 0));
    Tensor expected = engine.allocate(layout.size());
    double loss = 0;
    List<Float> logProbs = new ArrayList<>();
    for (PolicyRow row : rows) {
      StepResult alone = policyStep(PolicyBatch.of(List.of(row)), expected);
      loss += alone.loss();
      for (float logProb : alone.logProbs().logProbs()) {
        logProbs.add(logProb);
      }
    }
    PolicyBatch together = PolicyBatch.of(rows);
    assertThat(together.packed().segments().prefixes()).contains(0);
    Tensor gradient = engine.allocate(layout.size());
    StepResult result = policyStep(together, gradient);

    assertThat(result.tokens()).isEqualTo(3 + 3 + 2 + 1 + 4);
    assertThat(result.loss()).isCloseTo(loss, within((double) ROUNDING));
    assertThat(gradient.toArray()).containsExactly(expected.toArray(), within(ROUNDING));
    for (int m = 0; m < logProbs.size(); m++) {
      assertThat(result.logProbs().logProbs()[m]).isCloseTo(logProbs.get(m), within(ROUNDING));
    }
  }

  private static PolicyRow completion(int[] prompt, float advantage, int... tokens) {
    return PolicyRow.of(prompt, tokens, advantage, false);
  }

  private StepResult policyStep(PolicyBatch batch, Tensor gradient) {
    AccumulationWindow window = AccumulationWindow.of(1, 10, 1);
    GrpoLoss loss = new GrpoLoss(GrpoLossConfigs.defaults(), batch.targets(), window, 0);
    return withoutDropout.lossAndGradient(parameters, batch.packed(), loss, 0, gradient);
  }

  @Test
  void smallBatchAfterLargeOneGivesWhatItGaveBefore() {
    PackedBatch small = OneDocument.of(1, 2, 3);
    Tensor before = engine.allocate(layout.size());
    double loss = step.lossAndGradient(parameters, small, LOSS, 5, before).loss();
    Tensor unused = engine.allocate(layout.size());
    step.lossAndGradient(parameters, OneDocument.of(9, 8, 7, 6, 5, 4, 3, 2, 1, 0), LOSS, 6, unused);
    Tensor after = engine.allocate(layout.size());

    assertThat(step.lossAndGradient(parameters, small, LOSS, 5, after).loss()).isEqualTo(loss);
    assertThat(after.toArray()).containsExactly(before.toArray());
  }

  @Test
  void dropoutFollowsTheSeedAndIsLeftOutOfEvaluation() {
    PackedBatch batch = OneDocument.of(1, 2, 3, 4, 5, 6);
    Tensor unused = engine.allocate(layout.size());
    double first = step.lossAndGradient(parameters, batch, LOSS, 5, unused).loss();
    double again = step.lossAndGradient(parameters, batch, LOSS, 5, unused).loss();
    double other = step.lossAndGradient(parameters, batch, LOSS, 6, unused).loss();
    double evaluated = step.evaluate(parameters, batch, LOSS).loss();

    assertThat(again).isEqualTo(first);
    assertThat(other).isNotEqualTo(first);
    assertThat(evaluated).isNotEqualTo(first);
    assertThat(evaluated)
        .isCloseTo(step.logProbs(parameters, batch, 1f).nllSum() / 10, within(1e-9));
  }

  @Test
  void batchWithoutTargetsHasNoLossAndNoGradient() {
    int[] tokens = {1, 2, 3};
    int[] ignored = {-100, -100, -100};
    PackedBatch batch = PackedBatch.of(List.of(PackedBatch.Row.of(tokens, ignored)));
    Tensor gradient = engine.allocate(layout.size());

    StepResult result = step.lossAndGradient(parameters, batch, LOSS, 5, gradient);

    TokenLogProbs none =
        new TokenLogProbs(new int[0], new int[0], new float[0], new float[0], new int[0]);
    assertThat(result).usingRecursiveComparison().isEqualTo(new StepResult(0, 3, none, 0));
    assertThat(gradient.toArray()).containsOnly(0f);
    assertThat(step.logProbs(parameters, batch, 1f).count()).isZero();
  }

  @Test
  void lossThatIsNotFiniteIsReturned() {
    engine.fill(parameters, Float.NaN);
    assertThat(step.evaluate(parameters, OneDocument.of(1, 2), LOSS).loss()).isNaN();
  }

  @Test
  void refusesTokensBeyondTheVocabulary() {
    assertThatThrownBy(() -> step.evaluate(parameters, OneDocument.of(1, 2, 11), LOSS))
        .hasMessageContaining("target id 11 (number 1 of the batch)")
        .hasMessageContaining("vocabulary ends at 10");
    assertThatThrownBy(() -> step.evaluate(parameters, OneDocument.of(-1, 2), LOSS))
        .hasMessageContaining("token id -1 (number 0 of the batch)");
  }

  @Test
  void refusesVectorsOfAnotherLayout() {
    assertThatThrownBy(() -> step.evaluate(engine.allocate(5), OneDocument.of(1, 2), LOSS))
        .hasMessageContaining("vector of 5 parameters")
        .hasMessageContaining("%,d".formatted(layout.size()));
  }
}
