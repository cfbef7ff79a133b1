package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.spark.cli.TinyModelRuns;
import org.sparklora.train.grpo.LogProbGuard.PolicyMismatchException;

/** The policy guard, in the step that learns from a round and in a forward pass of its own. */
class GrpoGuardTest extends TinyModelRuns {
  private static final String MEAN = "sampling/sampling_logp_difference/mean";
  private static final String MAX = "sampling/sampling_logp_difference/max";

  /** With dropout, but one that drops nothing: the guard then needs a forward pass without it. */
  private static final String[] OWN_PASS = {"--lora_dropout", "1e-30"};

  /** A run that is on policy, with no other settings. */
  private static GrpoRun plain;

  @BeforeAll
  static void runOnPolicy() throws IOException {
    plain = onPolicy("plain").run(spark);
  }

  /** A step on each round. */
  private static GrpoRun onPolicy(String name, String... more) throws IOException {
    return GrpoRun.tiny(model, folder.resolve(name), "--use_peft")
        .with("--gradient_accumulation_steps", "6", "--lora_dropout", "0")
        .with(more);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bothWaysMeasureAndLearnTheSame(boolean masked) throws IOException {
    String mask = Boolean.toString(masked);
    String[] more = {"--mask_truncated_completions", mask, "--max_completion_length", "40"};
    GrpoRun inStep = onPolicy("in-step-" + mask, more).run(spark);
    GrpoRun ownPass = onPolicy("own-pass-" + mask, more).with(OWN_PASS).run(spark);

    assertThat(inStep.weights()).isEqualTo(ownPass.weights());
    List<JsonNode> expected = ownPass.log();
    for (int step = 0; step < 6; step++) {
      JsonNode row = inStep.log().get(step);
      assertThat(row.get(MEAN).asDouble()).isBetween(0.0, 1e-5);
      assertThat(row.get(MEAN).asDouble())
          .isCloseTo(expected.get(step).get(MEAN).asDouble(), within(1e-5));
      assertThat(row.get(MAX).asDouble()).isBetween(row.get(MEAN).asDouble(), 1e-4);
    }
  }

  /** The sampler rounds what it multiplies, the learner of so few tokens does not. */
  @Test
  void completionsThatWereDrawnInBfloat16PassTheGuard() throws IOException {
    GrpoRun rounded = onPolicy("bfloat16", "--bf16").run(spark);

    for (JsonNode row : rounded.log().subList(0, 6)) {
      assertThat(row.get(MEAN).asDouble())
          .isBetween(0.0, 0.05); // the default of max_logprob_difference
    }
    boolean rounds =
        Engines.of(EngineChoice.USUAL).withProductsIn(DType.BFLOAT16).packsWeights(DType.FLOAT32);
    assertThat(rounded.advantages(0).equals(plain.advantages(0))).isNotEqualTo(rounds);
  }

  @Test
  void samplerAndLearnerAgreeOnABaseInFourBits() throws IOException {
    GrpoRun run = onPolicy("four-bits", "--load_in_4bit", "--use_bnb_nested_quant").run(spark);
    for (JsonNode row : run.log().subList(0, 6)) {
      assertThat(row.get(MEAN).asDouble()).isBetween(0.0, 1e-5);
    }
    assertThat(run.weights()).isNotEqualTo(plain.weights());
  }

  @Test
  void completionsOfAnotherPolicyAreNotLearntFrom() throws IOException {
    GrpoRun warm = onPolicy("warm", "--temperature", "0.5", "--max_steps", "1").run(spark);
    Path table = warm.output().resolve("rounds/round-0000/advantages");

    for (GrpoRun run : List.of(onPolicy("one"), onPolicy("two").with(OWN_PASS))) {
      assertThatThrownBy(() -> run.runOn(spark, Optional.of(table.toUri().toString())))
          .isInstanceOf(PolicyMismatchException.class)
          .hasMessageContaining("round 1")
          .hasMessageContaining("another temperature");
      assertThat(run.output().resolve("adapter_model.safetensors")).doesNotExist();
    }
  }

  /** The table of the plain run's first round, with other completions. */
  private static Optional<String> changed(String name, UnaryOperator<Generation> change) {
    Configuration hadoop = new Configuration();
    Path own = plain.output().resolve("rounds/round-0000/advantages");
    List<ScoredGeneration> rows =
        GenerationTable.readScored(hadoop, own.toUri().toString()).stream()
            .map(
                row ->
                    new ScoredGeneration(
                        change.apply(row.generation()),
                        row.rewards(),
                        row.judged(),
                        row.reward(),
                        row.advantage(),
                        row.groupIsFlat()))
            .toList();
    Path table = folder.resolve(name);
    GenerationTable.writeScored(
        hadoop, table.resolve("part-00000.parquet").toUri().toString(), rows);
    return Optional.of(table.toUri().toString());
  }

  private static Generation with(Generation drawn, float[] logProbs, String generator) {
    return new Generation(
        drawn.prompt(),
        drawn.index(),
        drawn.text(),
        drawn.tokens(),
        logProbs,
        new Generation.Origin(
            drawn.stopReason(), generator, drawn.origin().policyVersion(), drawn.origin().seed()));
  }

  @Test
  void maskedCompletionsAreNotComparedInEitherWay() throws IOException {
    String[] once = {"--max_steps", "1", "--mask_truncated_completions"};
    Optional<String> table =
        changed(
            "changed",
            one ->
                one.isTruncated()
                    ? with(one, new float[one.tokens().length], Generation.DECODER)
                    : one);

    for (GrpoRun run : List.of(onPolicy("third", once), onPolicy("fourth", once).with(OWN_PASS))) {
      run.runOn(spark, table);
      assertThat(run.log().get(0).get(MAX).asDouble()).isBetween(0.0, 1e-4);
    }
  }

  @Test
  void anotherGeneratorsCompletionsAreNotWeighedTwice() throws IOException {
    Optional<String> table = changed("others", one -> with(one, one.logProbs(), "another program"));

    GrpoRun run = onPolicy("vespo", "--max_steps", "1", "--loss_type", "vespo");
    assertThatThrownBy(() -> run.runOn(spark, table))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("vllm_importance_sampling_mode = sequence_mask");
  }
}
