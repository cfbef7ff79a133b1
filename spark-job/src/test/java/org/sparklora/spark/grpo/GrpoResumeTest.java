package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.spark.cli.TinyModelRuns;

/** Runs that go on from a checkpoint, between two rounds and in the middle of one. */
class GrpoResumeTest extends TinyModelRuns {
  /** A run of an adapter that nothing disturbs, of which tests take copies. */
  private static GrpoRun undisturbed;

  @BeforeAll
  static void runUndisturbed() throws IOException {
    undisturbed = saving("undisturbed", "--use_peft").run(spark);
  }

  private static GrpoRun saving(String name, String... more) throws IOException {
    return GrpoRun.tiny(model, folder.resolve(name), more)
        .with("--beta", "0.04", "--save_strategy", "steps", "--save_steps", "1")
        .with("--logging_steps", "4");
  }

  private static void assertSame(GrpoRun resumed, GrpoRun whole) throws IOException {
    assertThat(resumed.history()).isEqualTo(whole.history());
    assertThat(resumed.metrics()).isEqualTo(whole.metrics());
    assertThat(resumed.weights()).isEqualTo(whole.weights());
    for (int round = 0; round < 3; round++) {
      if (Files.exists(resumed.output().resolve("rounds/round-%04d".formatted(round)))) {
        assertThat(resumed.advantages(round)).isEqualTo(whole.advantages(round));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--use_peft", "--no_use_peft", "--dynamic_sampling"})
  void goesOnFromAnyStepToTheSameBits(String peft) throws IOException {
    GrpoRun whole =
        saving("whole" + peft, peft)
            .with("--reward_funcs", GrpoRun.PartialVariety.class.getName())
            .run(spark);
    for (int step : peft.equals("--use_peft") ? new int[] {1, 2, 3, 4, 5} : new int[] {2, 3}) {
      // odd ones are in the middle of a round
      GrpoRun run = whole.into(folder.resolve("from-%d%s".formatted(step, peft)));
      String checkpoint = whole.output().resolve("checkpoint-" + step).toString();

      run.with("--resume_from_checkpoint", checkpoint).run(spark);

      assertSame(run, whole);
      assertThat(run.output().resolve("checkpoint-" + step)).doesNotExist();
    }
  }

  /** A rung of a sweep may end within a round, and while later rounds are drawn. */
  @ParameterizedTest
  @ValueSource(strings = {"0", "1"})
  void aRunThatStopsWithinARoundGoesOnToTheSameBits(String staleness) throws IOException {
    String[] stale = {"--max_staleness", staleness};
    GrpoRun whole =
        staleness.equals("0")
            ? undisturbed
            : undisturbed.into(folder.resolve("never-" + staleness), stale).run(spark);
    GrpoRun run = undisturbed.into(folder.resolve("rungs-" + staleness), stale);
    run.runUntil(spark, 3);

    run.with("--resume_from_checkpoint", "true").run(spark);

    assertSame(run, whole);
  }

  /** The run was stopped after generating, after judging, or while it wrote either. */
  @Test
  void stagesThatAreDoneAreNotDoneAgain() throws IOException {
    Path third = Path.of("rounds/round-0002");
    for (String there : new String[] {"", "generations", "generations advantages"}) {
      Path output = folder.resolve("stopped-" + there.length());
      copy(undisturbed.output(), output);
      for (String name : new String[] {"checkpoint-5", "checkpoint-6"}) {
        delete(output.resolve(name));
      }
      for (String result : new String[] {"adapter_config.json", "adapter_model.safetensors"}) {
        Files.delete(output.resolve(result));
      }
      for (String table : new String[] {"generations", "advantages"}) {
        if (!there.contains(table)) {
          delete(output.resolve(third).resolve(table));
        }
      }
      Path kept = output.resolve(third).resolve("generations/part-00000.parquet");
      Object before = there.isEmpty() ? "" : Files.getLastModifiedTime(kept);

      GrpoRun run =
          undisturbed.into(output, "--resume_from_checkpoint", "true", "--overwrite_output_dir");
      run.run(spark);

      assertSame(run, undisturbed);
      if (!there.isEmpty()) {
        assertThat(Files.getLastModifiedTime(kept)).isEqualTo(before);
      }
    }
  }

  @Test
  void tablesOfOtherSettingsOrParametersAreMadeAgain() throws IOException {
    GrpoRun other = saving("other", "--use_peft", "--learning_rate", "5e-3").run(spark);
    Path output = folder.resolve("mixed");
    copy(other.output().resolve("rounds"), output.resolve("rounds"));

    GrpoRun run = undisturbed.into(output).run(spark);

    assertSame(run, undisturbed);
    assertThat(run.advantages(0)).isEqualTo(other.advantages(0));
    assertThat(run.advantages(1)).isNotEqualTo(other.advantages(1));
  }

  @Test
  void anotherRunsCheckpointIsRefusedButADivergenceMayBeAddedWithinARound() throws IOException {
    GrpoRun run = saving("first", "--use_peft", "--max_steps", "2").with("--beta", "0").run(spark);
    String checkpoint = run.output().resolve("checkpoint-1").toString();

    assertThatThrownBy(
            () ->
                run.into(folder.resolve("second"), "--resume_from_checkpoint", checkpoint)
                    .with("--temperature", "0.9")
                    .run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("temperature = 0.9")
        .hasMessageContaining("the checkpoint was made with 1.0");
    GrpoRun diverging =
        run.into(folder.resolve("third"), "--resume_from_checkpoint", checkpoint, "--beta", "0.5");
    assertThat(diverging.run(spark).weights()).isNotEqualTo(run.weights());
  }

  @Test
  void onlyTheNewestRoundsTablesStay() throws IOException {
    GrpoRun run = saving("limited", "--use_peft", "--rounds_total_limit", "1").run(spark);

    try (Stream<Path> rounds = Files.list(run.output().resolve("rounds"))) {
      assertThat(rounds).containsExactly(run.output().resolve("rounds/round-0002"));
    }
    assertThat(run.names()).contains("checkpoint-1", "adapter_model.safetensors", "rounds");
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> tree = Files.walk(from)) {
      for (Path path : tree.toList()) {
        Path target = to.resolve(from.relativize(path).toString());
        Files.createDirectories(target.getParent());
        Files.copy(path, target, StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  @Test
  void refusedRunLeavesAlonePromptsThatTheFirstMayBeReading() throws IOException {
    Path prompts = folder.resolve("taken.prompts");
    GrpoRun run =
        GrpoRun.tiny(model, folder.resolve("taken"), "--use_peft", "--max_steps", "1")
            .with("--prompts_dir", prompts.toString());
    String output = run.output().toString();
    try (RunFolder first = RunFolder.open(new Configuration(), output, false, Optional.empty())) {
      assertThatThrownBy(() -> run.run(spark))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("has been writing to it since");
      assertThat(first.path().getName()).isEqualTo("taken");
      assertThat(prompts).doesNotExist();
    }
    run.run(spark);
    assertThat(prompts).isDirectory();
  }
}
