package org.sparklora.spark.grpo;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.Reward;
import org.sparklora.reward.RewardInput;
import org.sparklora.spark.cli.CommandRun;
import org.sparklora.spark.cli.LoggedRun;
import org.sparklora.spark.run.RunListener;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.spark.run.TrainingRun;

/** A run of {@code grpo} on a tiny model, in a folder of its own, and what it left there. */
record GrpoRun(Path output, List<String> flags) implements LoggedRun {
  private static final int PROBLEMS = 10;

  /** Rewards what even a random model varies in. */
  public static final class Variety implements Reward {
    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
      return "variety";
    }

    @Override
    public Judgement judge(RewardInput completion) {
      long letters = completion.text().chars().distinct().count();
      return Judgement.scored(letters / 3, "more letters are better");
    }
  }

  /** The same for every other prompt; the rest get one reward for all completions. */
  public static final class PartialVariety implements Reward {
    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
      return "partial";
    }

    @Override
    public Judgement judge(RewardInput completion) {
      boolean tells = Integer.parseInt(completion.solution().orElseThrow()) % 8 == 0;
      return tells ? new Variety().judge(completion) : Judgement.scored(1, "the same for all");
    }
  }

  /** Rewards tell whether anything else was seen than before: solution, tokens or a column. */
  public static final class Seen implements Reward {
    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
      return "seen";
    }

    @Override
    public Judgement judge(RewardInput completion) {
      List<Object> all =
          List.of(
              completion.text(),
              completion.solution(),
              completion.tokens().orElse(0),
              completion.columns().toString());
      return Judgement.scored(all.hashCode(), "what it saw");
    }
  }

  /** Cannot judge anything. */
  public static final class Silence implements Reward {
    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
      return "silence";
    }

    @Override
    public Judgement judge(RewardInput completion) {
      return Judgement.unverifiable("no opinion");
    }
  }

  /**
   * A run of six steps, of which two are on each round: its micro-batches hold parts of groups, and
   * the second step is off-policy.
   */
  static GrpoRun tiny(Path model, Path output, String... more) throws IOException {
    Path dataset = model.resolveSibling("problems.jsonl");
    StringBuilder rows = new StringBuilder();
    for (int n = 0; n < PROBLEMS; n++) {
      rows.append(
          "{\"prompt\": \"%d and %d is\", \"solution\": \"%d\"}%n".formatted(n, 3 * n, 4 * n));
    }
    Files.writeString(dataset, rows);
    return new GrpoRun(
            output,
            CommandRun.words(
                """
                --model_name_or_path %s --dataset_name %s --prompts_dir %s --reward_funcs %s
                --max_completion_length 8 --num_generations 4 --per_device_train_batch_size 2
                --gradient_accumulation_steps 3 --steps_per_generation 6 --max_steps 6
                --learning_rate 1e-2 --logging_steps 1 --save_strategy no
                """,
                model, dataset, model.resolveSibling("prompts"), Variety.class.getName()))
        .with(more);
  }

  /** The same into another folder, with some flags more. */
  GrpoRun into(Path folder, String... more) {
    List<String> all = new ArrayList<>(flags);
    all.addAll(List.of(more));
    return new GrpoRun(folder, all);
  }

  GrpoRun with(String... more) {
    return into(output, more);
  }

  /** Trains up to a step and stops there with a checkpoint. */
  void runUntil(SparkSession spark, int step) throws IOException {
    train(
        spark,
        GrpoConfig.of(CommandLine.parse("grpo", arguments()).settings()),
        Optional.empty(),
        step);
  }

  GrpoRun run(SparkSession spark) throws IOException {
    return runOn(spark, Optional.empty());
  }

  /** Trains on the table of one round, if there is one, or as many as the settings say. */
  GrpoRun runOn(SparkSession spark, Optional<String> advantages) throws IOException {
    train(spark, GrpoConfig.of(CommandLine.parse("grpo", arguments()).settings()), advantages);
    return this;
  }

  /** The rows of the log that tell of a step. */
  List<JsonNode> steps() throws IOException {
    return log().stream().filter(row -> row.has("step_time")).toList();
  }

  /**
   * Trains to the end.
   *
   * @param advantages a table of one round, the only one then trained on
   */
  static void train(SparkSession spark, GrpoConfig config, Optional<String> advantages)
      throws IOException {
    train(spark, config, advantages, TrainingRun.TO_THE_END);
  }

  private static void train(
      SparkSession spark, GrpoConfig config, Optional<String> advantages, int stop)
      throws IOException {
    GrpoJob.run(
        SparkSessions.place(spark), config, advantages, Optional.empty(), RunListener.none(), stop);
  }

  /** The completions of a round and what they were judged to be worth, without times. */
  List<String> advantages(int round) {
    Path table = output.resolve("rounds/round-%04d/advantages".formatted(round));
    return rows(GenerationTable.readScored(new Configuration(), table.toUri().toString()));
  }

  static List<String> rows(List<ScoredGeneration> table) {
    return table.stream()
        .map(
            row ->
                "%s %d %s %s %s %s %s %s %s %s"
                    .formatted(
                        row.generation().prompt().id(),
                        row.generation().index(),
                        row.generation().text(),
                        Arrays.toString(row.generation().tokens()),
                        Arrays.toString(row.generation().logProbs()),
                        row.generation().stopReason(),
                        row.rewards(),
                        row.reward(),
                        row.advantage(),
                        row.groupIsFlat()))
        .toList();
  }
}
