package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.spark.cli.TinyModelRuns;

/** Rounds in which there is little to learn or nothing, and settings with which there would be. */
class GrpoSignalTest extends TinyModelRuns {
  private static GrpoRun run(String name, Class<?> reward, String... more) throws IOException {
    return GrpoRun.tiny(model, folder.resolve(name), "--use_peft")
        .with("--reward_funcs", reward.getName(), "--steps_per_generation", "6")
        .with(more);
  }

  private static double sum(List<JsonNode> log, String metric) {
    return log.stream().mapToDouble(row -> row.path(metric).asDouble(0)).sum();
  }

  /** Half of the prompts tell nothing: a round of 3 takes two batches of prompts, or three. */
  @Test
  void dynamicSamplingFillsRoundsWithGroupsThatTellSomething() throws IOException {
    List<JsonNode> plain = run("plain", GrpoRun.PartialVariety.class).run(spark).log();
    assertThat(sum(plain, "groups/without_signal")).isPositive();
    assertThat(plain.get(0).has("dynamic_sampling/draws")).isFalse();

    GrpoRun run = run("dynamic", GrpoRun.PartialVariety.class, "--dynamic_sampling").run(spark);

    for (int step = 0; step < 6; step += 2) {
      assertThat(run.log().get(step).get("dynamic_sampling/filled").asDouble()).isEqualTo(1);
      assertThat(run.log().get(step).get("dynamic_sampling/draws").asDouble()).isBetween(1.0, 3.0);
    }
    assertThat(sum(run.log(), "dynamic_sampling/draws")).isGreaterThan(3);
    assertThat(run.output().resolve("rounds/round-0000/advantages-2")).isDirectory();
  }

  @Test
  void dynamicSamplingEndsAtItsBound() throws IOException {
    GrpoRun run =
        run("bound", GrpoRun.Silence.class, "--dynamic_sampling")
            .with("--dynamic_sampling_max_draws", "2", "--max_steps", "2")
            .run(spark);

    JsonNode first = run.log().get(0);
    assertThat(first.get("dynamic_sampling/filled").asDouble()).isZero();
    assertThat(first.get("dynamic_sampling/draws").asDouble()).isEqualTo(2);
  }

  @Test
  void completionsThatNobodyCouldJudgeAreCountedAndTeachNothingAndAfterThreeRoundsTheRunEnds()
      throws IOException {
    GrpoRun run =
        run("unjudged", GrpoRun.Silence.class, "--save_strategy", "steps", "--save_steps", "2")
            .with("--weight_decay", "0");

    assertThatThrownBy(() -> run.run(spark))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("in rounds 1 to 3 not one completion could be judged")
        .hasMessageContaining("silence: no opinion")
        .hasMessageContaining("--reward_funcs");
    assertThat(run.output().resolve("checkpoint-4/adapter_model.safetensors")).exists();
    assertThat(run.output().resolve("adapter_model.safetensors")).doesNotExist();
    JsonNode first = run.into(run.output().resolve("checkpoint-4")).log().get(0);
    assertThat(first.get("completions/not_judged").asDouble()).isEqualTo(12);
    assertThat(first.get("groups/without_signal").asDouble()).isEqualTo(3);
    assertThat(first.get("reward").isNull()).isTrue();
    assertThat(first.get("grad_norm").asDouble()).isZero();
    assertThat(first.get("entropy").asDouble()).isPositive();
  }

  /** Micro-batches are large enough for sums that round by who is computed together. */
  @Test
  void policyThatIsTheReferenceStaysThereWhileNobodyJudges() throws IOException {
    GrpoRun run =
        run("flat", GrpoRun.Silence.class, "--weight_decay", "0", "--beta", "0.1")
            .with("--max_completion_length", "120", "--mask_truncated_completions")
            .with("--per_device_train_batch_size", "4", "--max_steps", "4")
            .run(spark);

    assertThat(run.log())
        .allSatisfy(
            row -> {
              assertThat(row.path("kl").asDouble(0)).isZero();
              assertThat(row.path("grad_norm").asDouble(0)).isZero();
            });
  }

  @Test
  void promptsThatLeaveNoRoomForACompletionAreRefused() throws IOException {
    GrpoRun run = run("long", GrpoRun.Variety.class, "--max_completion_length", "2045");

    assertThatThrownBy(() -> run.run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("max_completion_length = 2045")
        .hasMessageContaining("of 10 prompts leave no room")
        .hasMessageContaining("--max_prompt_length 3");
    assertThat(run.output()).doesNotExist();
  }

  @Test
  void modelThatNamesNoEndTokenIsRefused() throws IOException {
    Path endless = folder.resolve("endless/model");
    Files.createDirectories(endless.getParent());
    copyWithoutEnd(model, endless);
    GrpoRun run = GrpoRun.tiny(endless, folder.resolve("no-end"), "--use_peft");

    assertThatThrownBy(() -> run.run(spark))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Cannot tell when a completion of");
    assertThat(run.output()).doesNotExist();
  }

  private static void copyWithoutEnd(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (var files = Files.list(from)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.equals("tokenizer_config.json") || name.equals("config.json")) {
          String end = "\"eos_token(_id)?\": (\"[^\"]*\"|\\d+),?";
          Files.writeString(to.resolve(name), Files.readString(file).replaceAll(end, ""));
        } else if (!name.equals("generation_config.json") && !name.startsWith("special_tokens")) {
          Files.copy(file, to.resolve(name));
        }
      }
    }
  }
}
