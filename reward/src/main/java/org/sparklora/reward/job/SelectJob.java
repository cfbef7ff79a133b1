package org.sparklora.reward.job;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.FileList;
import org.sparklora.pipeline.table.TableException;

/**
 * Rejection sampling: makes a dataset of the correct completions of a judged table, or of its
 * prompts, with each prompt's pass rate. Prompts keep the table's order.
 *
 * <pre>
 * prompt                  messages, or a text, as the model was asked
 * completion              for sft: the assistant's message, or a text
 * total_rollouts          completions that were judged right or wrong
 * total_correct_rollouts  the right ones
 * passrate                their share
 * …                       the dataset's other columns
 * </pre>
 */
public final class SelectJob {
  /** Settings and counts, in the table's folder. */
  public static final String SUMMARY_FILE = "_select_summary.json";

  /** A prompt's outcome and its rows as JSON. */
  private static final StructType RATED =
      StructType.fromDDL(
          "first_row LONG, rollouts INT, judged INT, correct INT, outcome STRING, rows ARRAY<STRING>");

  private SelectJob() {}

  /**
   * Runs the job.
   *
   * @return the counts as lines for a person
   * @throws ConfigException for settings that cannot be used
   * @throws TableException if the table cannot be read, or nothing of it is kept
   */
  public static String run(SparkSession spark, SelectConfig config) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    RewardConfig.Tables tables = config.tables();
    return RewardJob.run(
        spark,
        "select: rate prompts",
        tables,
        completions -> rated(completions.rows(), config),
        (rated, folder) -> {
          Map<String, Object> summary = summary(rated);
          requireRows(tables.input(), summary);
          Dataset<String> rows =
              rated.orderBy("first_row").selectExpr("explode(rows)").as(Encoders.STRING());
          switch (tables.format()) {
            case PARQUET ->
                spark.read().json(rows).write().mode("append").parquet(folder.toString());
            case JSONL -> rows.write().mode("append").text(folder.toString());
          }
          Map<String, Object> written = new LinkedHashMap<>(config.settings());
          written.putAll(summary);
          FileList.writeJson(hadoop, new Path(folder, SUMMARY_FILE), written);
          return text(summary);
        });
  }

  /** A row for each prompt. */
  private static Dataset<Row> rated(Dataset<Row> completions, SelectConfig config) {
    StructType schema = completions.schema();
    requireColumns(schema, config);
    FlatMapGroupsFunction<String, Row, Row> rate =
        (id, members) -> List.of(rated(schema, members, config)).iterator();
    return NumberedTable.ofPrompts(completions, rate, RATED);
  }

  private static Row rated(StructType schema, Iterator<Row> members, SelectConfig config) {
    List<Map<String, Object>> rollouts = new ArrayList<>();
    members.forEachRemaining(row -> rollouts.add(JudgedTable.cells(schema, row)));
    RatedPrompt prompt = RatedPrompt.of(rollouts, config.correct());
    String outcome = prompt.outcome(config);
    return RowFactory.create(
        rollouts.get(0).get(CompletionRow.ROW_NUMBER),
        rollouts.size(),
        prompt.judged(),
        prompt.correct().size(),
        outcome,
        outcome.equals(RatedPrompt.KEPT) ? prompt.rows(config).toArray() : new String[0]);
  }

  private static void requireColumns(StructType schema, SelectConfig config) {
    List<String> columns = Arrays.asList(schema.fieldNames());
    boolean byReward = config.correct().byReward();
    List<String> needed = new ArrayList<>(List.of("prompt", CompletionRow.COMPLETION));
    if (byReward || !config.correct().majorityVote()) {
      needed.add(byReward ? JudgedTable.REWARD : JudgedTable.VERDICT);
    }
    for (String column : needed) {
      if (!columns.contains(column)) {
        throw new TableException(
            "Cannot select from %s: it has no column %s but %s; judge completions with spark-lora reward first"
                .formatted(config.tables().input(), column, columns));
      }
    }
  }

  private static Map<String, Object> summary(Dataset<Row> rated) {
    Row sums =
        rated
            .selectExpr(
                "count(*) AS prompts",
                "sum(rollouts) AS rollouts",
                "sum(judged) AS judged",
                "sum(correct) AS correct",
                "sum(size(rows)) AS rows")
            .na()
            .fill(0L) // sums of no rows
            .first();
    Map<String, Object> summary = new LinkedHashMap<>();
    for (String name : sums.schema().fieldNames()) {
      summary.put(name, sums.getAs(name));
    }
    summary.put("outcomes", RewardSummary.counts(rated, "outcome", functions.desc("count")));
    String tenth = "format_string('%.1f', floor(10 * correct / judged) / 10)"; // 1.0 by itself
    Dataset<Row> tenths = rated.where("judged > 0").selectExpr(tenth + " AS tenth");
    summary.put(
        "prompts_by_pass_rate_from", RewardSummary.counts(tenths, "tenth", functions.col("tenth")));
    return summary;
  }

  private static void requireRows(String input, Map<String, Object> summary) {
    if (summary.get("rows").equals(0L)) {
      String outcomes = shown(summary.get("outcomes"));
      throw new TableException(
          "Nothing of %s is kept: %s; widen --%s and --%s, or draw more completions"
              .formatted(
                  input,
                  outcomes.isEmpty() ? "it has no rows" : outcomes,
                  Flags.MIN_PASS_RATE,
                  Flags.MAX_PASS_RATE));
    }
  }

  private static String text(Map<String, Object> summary) {
    return "%s rows of %s prompts: %s\nprompts by pass rate, from: %s"
        .formatted(
            summary.get("rows"),
            summary.get("prompts"),
            shown(summary.get("outcomes")),
            shown(summary.get("prompts_by_pass_rate_from")));
  }

  private static String shown(Object counts) {
    return ((Map<?, ?>) counts)
        .entrySet().stream()
            .map(count -> count.getKey() + ": " + count.getValue())
            .collect(Collectors.joining(", "));
  }
}
