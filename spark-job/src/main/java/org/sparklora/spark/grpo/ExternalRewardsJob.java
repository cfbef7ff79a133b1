package org.sparklora.spark.grpo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.RootCause;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.reward.job.CompletionRow;

/**
 * Lets an {@link ExternalJudge} judge the completions of a round, and checks its answer.
 *
 * @param names of the rewards that the judge gives, in their order; none before {@link #giving}
 */
public record ExternalRewardsJob(SparkSession session, ExternalJudge judge, List<String> names) {
  /** Spark's message for a Python process that is gone: killed, or ended by its own code. */
  private static final String DIED = "Python worker exited unexpectedly";

  private static final StructType SCHEMA =
      new StructType()
          .add("row", DataTypes.LongType, false)
          .add("prompt_id", DataTypes.LongType, false)
          .add("prompt", DataTypes.StringType, false)
          .add("messages", DataTypes.StringType)
          .add("completion", DataTypes.StringType, false)
          .add("completion_ids", DataTypes.createArrayType(DataTypes.IntegerType, false), false)
          .add("solution", DataTypes.StringType)
          .add("columns", DataTypes.StringType, false);

  /** This job for rewards of these names. */
  ExternalRewardsJob giving(List<String> rewards) {
    return new ExternalRewardsJob(session, judge, rewards);
  }

  /**
   * Refuses prompts whose columns a reward needs and does not find.
   *
   * @throws ConfigException naming the reward and the column
   */
  void requireColumns(List<Prompt> prompts) {
    if (prompts.isEmpty()) {
      return;
    }
    Generation any = new Generation(prompts.get(0), 0, "", new int[1], new float[1], "");
    List<String> columns = new ArrayList<>(CompletionRow.columns(any).keySet());
    if (prompts.stream().allMatch(prompt -> prompt.solution().isEmpty())) {
      columns.remove("solution");
    }
    String[] lacking = judge.lacking(columns).split("\n", 2);
    ConfigException.require(
        lacking.length < 2, Flags.REWARD_FUNCS, lacking[0], lacking[lacking.length - 1]);
  }

  /**
   * The rewards of completions.
   *
   * @param groupSize completions of a prompt, which stand side by side
   * @return {@code (P·G, F)}; NaN: not judged
   * @throws ConfigException naming a function that failed and its completion
   */
  double[][] run(List<Generation> generations, int groupSize) {
    List<List<Row>> groups = new ArrayList<>();
    for (int start = 0; start < generations.size(); start += groupSize) {
      int end = Math.min(start + groupSize, generations.size());
      groups.add(
          new ArrayList<>(
              IntStream.range(start, end).mapToObj(n -> row(n, generations.get(n))).toList()));
    }
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    session.sparkContext().setJobDescription("judge completions by " + String.join(", ", names));
    try {
      JavaRDD<Row> rows =
          spark
              .parallelize(groups, Math.min(groups.size(), spark.defaultParallelism()))
              .flatMap(List::iterator);
      return checked(answers(session.createDataFrame(rows, SCHEMA)), generations.size());
    } finally {
      session.sparkContext().setJobDescription(null);
    }
  }

  private List<Row> answers(Dataset<Row> completions) {
    try {
      return judge.judge(completions).collectAsList();
    } catch (Exception e) {
      for (Throwable cause : RootCause.chain(e)) {
        if (String.valueOf(cause.getMessage()).contains(DIED)) {
          return judge.judgeApart(completions).collectAsList();
        }
      }
      throw e;
    }
  }

  private static Row row(long number, Generation generation) {
    Prompt prompt = generation.prompt();
    return RowFactory.create(
        number,
        prompt.id(),
        prompt.text(),
        messages(prompt),
        generation.text(),
        Arrays.stream(generation.tokens()).boxed().toArray(Integer[]::new),
        prompt.solution().orElse(null),
        Prompt.json(CompletionRow.columns(generation)));
  }

  /** Null for a plain-text prompt, whose column {@code messages} is that text. */
  private static String messages(Prompt prompt) {
    String column = prompt.columns().get(Prompt.MESSAGES);
    return prompt.text().equals(column) ? null : column;
  }

  private double[][] checked(List<Row> answers, int count) {
    answers.stream()
        .filter(answer -> !answer.isNullAt(answer.fieldIndex("problem")))
        .min(Comparator.comparingLong(answer -> answer.getLong(0)))
        .ifPresent(
            answer -> {
              throw new ConfigException(
                  Flags.REWARD_FUNCS,
                  answer.<String>getAs("reward"),
                  answer.<String>getAs("problem"));
            });
    double[][] rewards = new double[count][];
    for (Row answer : answers) {
      List<Double> values = answer.getList(answer.fieldIndex("rewards"));
      rewards[Math.toIntExact(answer.getLong(0))] =
          values.stream().mapToDouble(value -> value == null ? Double.NaN : value).toArray();
    }
    ConfigException.require(
        Arrays.stream(rewards).allMatch(of -> of != null && of.length == names.size()),
        Flags.REWARD_FUNCS,
        String.join(" ", names),
        "the judge answered for %s of %s completions, or not with %s rewards each"
            .formatted(answers.size(), count, names.size()));
    return rewards;
  }
}
