package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.spark.cli.CommandRun;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.train.TestModels;

/** The stages as commands of their own, as a scheduler runs them. */
class GrpoStagesTest {
  private static final int ROUNDS = 3;

  @TempDir private Path folder;
  private Path model;

  private void command(String name, List<String> flags, String... more) {
    List<String> all = new ArrayList<>(List.of(name));
    all.addAll(flags);
    all.addAll(List.of(more));
    assertThat(CommandRun.of(all.toArray(String[]::new))).as("%s", all).isZero();
  }

  /**
   * The tables and the result of each round are the loop's, to the last bit. As in TRL, the order
   * of prompts is of {@code seed}, whatever {@code data_seed} is.
   */
  @Test
  void threeCommandsARoundGiveWhatTheLoopGives() throws IOException {
    model = TestModels.copy("llama-tiny", folder);
    GrpoRun loop =
        GrpoRun.tiny(model, folder.resolve("loop"), "--use_peft", "--lora_r", "4")
            .with("--data_seed", "7");
    try (SparkSession spark = TestSpark.open(2)) {
      loop.run(spark);
    }
    GrpoRun hand = loop.into(folder.resolve("hand"));
    for (int round = 0; round < ROUNDS; round++) {
      Path generations = folder.resolve("generations-" + round);
      Path advantages = folder.resolve("advantages-" + round);
      generate(round, generations, hand.output());
      command(
          "reward",
          List.of("--reward_funcs", GrpoRun.Variety.class.getName()),
          "--input",
          generations.toString(),
          "--output_dir",
          advantages.toString());
      assertThat(rows(advantages)).as("round %d", round).isEqualTo(loop.advantages(round));
      command(
          "update",
          hand.arguments(),
          "--input",
          advantages.toString(),
          "--resume_from_checkpoint",
          "true");
    }

    assertThat(hand.weights()).isEqualTo(loop.weights());
    assertThat(hand.history()).isEqualTo(loop.history());
  }

  /** Conversations, and a dataset with other words in columns that the stages have, too. */
  private void writeConversations() throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int n = 0; n < 10; n++) {
      rows.append(
          """
          {"prompt": [{"role": "user", "content": "%d and %d?"}], "solution": "so #### %d", "level": %d, "easy": true, "completion": "x"}
          """
              .formatted(n, n, 2 * n, n));
    }
    Files.writeString(folder.resolve("problems.jsonl"), rows);
  }

  private List<Double> judged(Path generations, String name) {
    Path output = folder.resolve("judged-" + name);
    command(
        "reward",
        List.of("--reward_funcs", GrpoRun.Seen.class.getName()),
        "--input",
        generations.toString(),
        "--output_dir",
        output.toString());
    try (SparkSession spark = TestSpark.open(1)) {
      return spark
          .read()
          .parquet(output.toString())
          .orderBy("prompt_id", "completion_index")
          .select("`rewards/seen`")
          .as(Encoders.DOUBLE())
          .collectAsList();
    }
  }

  @Test
  void aRewardSeesTheSameInALoopInATableAndInLines() throws IOException {
    model = TestModels.copy("llama-tiny", folder);
    GrpoRun loop =
        GrpoRun.tiny(model, folder.resolve("loop"), "--use_peft", "--max_steps", "1")
            .with("--reward_funcs", GrpoRun.Seen.class.getName());
    writeConversations();
    try (SparkSession spark = TestSpark.open(2)) {
      loop.run(spark);
    }
    List<Double> seen =
        GenerationTable.readScored(
                new Configuration(),
                loop.output().resolve("rounds/round-0000/advantages").toUri().toString())
            .stream()
            .sorted(
                Comparator.comparingLong((ScoredGeneration row) -> row.generation().prompt().id())
                    .thenComparingInt(row -> row.generation().index()))
            .map(row -> row.rewards().get("seen"))
            .toList();
    Path lines = folder.resolve("lines.jsonl");
    generate(0, lines, loop.output());

    assertThat(judged(loop.output().resolve("rounds/round-0000/generations"), "table"))
        .as("in the table")
        .isEqualTo(seen);
    assertThat(judged(lines, "lines")).as("in lines").isEqualTo(seen);
  }

  private void generate(int round, Path output, Path run) {
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--model_name_or_path",
                model.toString(),
                "--input",
                folder.resolve("prompts").toString(),
                "--output",
                output.toString(),
                "--num_generations",
                "4",
                "--generation_batch_size",
                "12",
                "--max_completion_length",
                "8",
                "--round",
                Integer.toString(round)));
    if (round > 0) {
      flags.addAll(List.of("--adapter", run.resolve("checkpoint-" + 2 * round).toString()));
    }
    command("generate", flags);
  }

  private static List<String> rows(Path table) {
    return GrpoRun.rows(GenerationTable.readScored(new Configuration(), table.toUri().toString()));
  }

  @Test
  void tableOfAnotherRoundIsRefused() throws IOException {
    model = TestModels.copy("llama-tiny", folder);
    GrpoRun run = GrpoRun.tiny(model, folder.resolve("loop"), "--use_peft");
    try (SparkSession spark = TestSpark.open(2)) {
      run.run(spark);
    }
    GrpoRun other = run.into(folder.resolve("other"));
    List<String> arguments = new ArrayList<>(List.of("update"));
    arguments.addAll(other.arguments());
    arguments.addAll(
        List.of("--input", run.output().resolve("rounds/round-0001/advantages").toString()));

    assertThat(CommandRun.errorOf(arguments.toArray(String[]::new)))
        .contains("of prompt ")
        .contains("generate with the run's --num_generations, and with --round");
    assertThat(Files.exists(other.output().resolve("adapter_config.json"))).isFalse();
  }
}
