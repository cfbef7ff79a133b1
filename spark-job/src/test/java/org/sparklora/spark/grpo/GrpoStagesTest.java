package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
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

  @TempDir private static Path folder;
  private static Path model;

  /** The order of prompts follows {@code seed}, whatever {@code data_seed} is, as in TRL. */
  private static GrpoRun loop;

  @BeforeAll
  static void runTheLoop() throws IOException {
    model = TestModels.copy("llama-tiny", folder);
    loop =
        GrpoRun.tiny(model, folder.resolve("loop"), "--use_peft", "--lora_r", "4")
            .with("--data_seed", "7");
    try (SparkSession spark = TestSpark.open(2)) {
      loop.run(spark);
    }
  }

  private static void command(List<String> words, Object... more) {
    String[] all = Stream.of(more).map(Object::toString).toArray(String[]::new);
    assertThat(CommandRun.of(words, all)).as("%s", words).isZero();
  }

  private static void reward(Class<?> reward, Path generations, Path output) {
    command(
        CommandRun.words(
            "reward --reward_funcs %s --input %s --output_dir %s",
            reward.getName(), generations, output));
  }

  private static void generate(int round, Path prompts, Path output, Object... more) {
    command(
        CommandRun.words(
            """
            generate --model_name_or_path %s --input %s --output %s --num_generations 4
            --generation_batch_size 12 --max_completion_length 8 --round %s
            """,
            model, prompts, output, round),
        more);
  }

  /** The command {@code update} of a run, on a table of advantages. */
  private static List<String> update(GrpoRun run, Path advantages) {
    return Stream.of(List.of("update"), run.arguments(), List.of("--input", advantages.toString()))
        .flatMap(List::stream)
        .toList();
  }

  /** The tables and the result of each round are the loop's, to the last bit. */
  @Test
  void threeCommandsARoundGiveWhatTheLoopGives() throws IOException {
    GrpoRun hand = loop.into(folder.resolve("hand"));
    for (int round = 0; round < ROUNDS; round++) {
      Path generations = folder.resolve("generations-" + round);
      Path advantages = folder.resolve("advantages-" + round);
      Path checkpoint = hand.output().resolve("checkpoint-" + 2 * round);
      Object[] adapter = round == 0 ? new Object[0] : new Object[] {"--adapter", checkpoint};
      generate(round, folder.resolve("prompts"), generations, adapter);
      reward(GrpoRun.Variety.class, generations, advantages);
      assertThat(rows(advantages)).as("round %d", round).isEqualTo(loop.advantages(round));
      command(update(hand, advantages), "--resume_from_checkpoint", "true");
    }

    assertThat(hand.weights()).isEqualTo(loop.weights());
    assertThat(hand.history()).isEqualTo(loop.history());
  }

  private static List<String> rows(Path table) {
    return GrpoRun.rows(GenerationTable.readScored(new Configuration(), table.toUri().toString()));
  }

  /** Conversations, and a dataset with other words in columns that the stages have, too. */
  private static Path conversations() throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int n = 0; n < 10; n++) {
      rows.append(
          """
          {"prompt": [{"role": "user", "content": "%d and %d?"}], "solution": "so #### %d", "level": %d, "easy": true, "completion": "x"}
          """
              .formatted(n, n, 2 * n, n));
    }
    return Files.writeString(folder.resolve("conversations.jsonl"), rows);
  }

  @Test
  void aRewardSeesTheSameInALoopInATableAndInLines() throws IOException {
    Path prompts = folder.resolve("conversations");
    GrpoRun seeing =
        GrpoRun.tiny(model, folder.resolve("seeing"), "--use_peft", "--max_steps", "1")
            .with("--dataset_name", conversations().toString(), "--prompts_dir", prompts.toString())
            .with("--reward_funcs", GrpoRun.Seen.class.getName());
    try (SparkSession spark = TestSpark.open(2)) {
      seeing.run(spark);
    }
    Path tables = seeing.output().resolve("rounds/round-0000");
    List<Double> seen =
        GenerationTable.readScored(
                new Configuration(), tables.resolve("advantages").toUri().toString())
            .stream()
            .sorted(
                Comparator.comparingLong((ScoredGeneration row) -> row.generation().prompt().id())
                    .thenComparingInt(row -> row.generation().index()))
            .map(row -> row.rewards().get("seen"))
            .toList();
    Path lines = folder.resolve("lines.jsonl");
    generate(0, prompts, lines);
    reward(GrpoRun.Seen.class, tables.resolve("generations"), folder.resolve("judged-table"));
    reward(GrpoRun.Seen.class, lines, folder.resolve("judged-lines"));

    try (SparkSession spark = TestSpark.open(1)) {
      for (String judged : List.of("judged-table", "judged-lines")) {
        assertThat(
                spark
                    .read()
                    .parquet(folder.resolve(judged).toString())
                    .orderBy("prompt_id", "completion_index")
                    .select("`rewards/seen`")
                    .as(Encoders.DOUBLE())
                    .collectAsList())
            .as(judged)
            .isEqualTo(seen);
      }
    }
  }

  @Test
  void tableOfAnotherRoundIsRefused() {
    GrpoRun other = loop.into(folder.resolve("other"));
    Path second = loop.output().resolve("rounds/round-0001/advantages");

    assertThat(CommandRun.errorOf(update(other, second).toArray(String[]::new)))
        .contains("of prompt ")
        .contains("generate with the run's --num_generations and --seed, and with --round");
    assertThat(other.output().resolve("adapter_config.json")).doesNotExist();
  }
}
