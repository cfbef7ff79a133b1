package org.sparklora.reward.job;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.LongAccumulator;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.OutputFolder;
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

  private static final String FIRST_ROW = "first_row";
  private static final String ROLLOUTS = "rollouts";
  private static final String JUDGED = "judged";
  private static final String CORRECT = "correct";
  private static final String OUTCOME = "outcome";
  private static final String ROWS = "rows";

  /** A prompt's outcome and its rows as JSON. */
  private static final StructType RATED =
      new StructType()
          .add(FIRST_ROW, DataTypes.LongType)
          .add(ROLLOUTS, DataTypes.IntegerType)
          .add(JUDGED, DataTypes.IntegerType)
          .add(CORRECT, DataTypes.IntegerType)
          .add(OUTCOME, DataTypes.StringType)
          .add(ROWS, DataTypes.createArrayType(DataTypes.StringType));

  private SelectJob() {}

  /**
   * Runs the job.
   *
   * @return the counts
   * @throws ConfigException for settings that cannot be used
   * @throws TableException if the table cannot be read, or nothing of it is kept
   */
  public static Map<String, Object> run(SparkSession spark, SelectConfig config) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    RewardConfig.Tables tables = config.tables();
    spark.sparkContext().setJobDescription("select: rate prompts");
    long bytes = RewardJob.requireInput(hadoop, tables);
    try (OutputFolder folder =
        OutputFolder.create(hadoop, tables.outputDir(), tables.overwrite())) {
      Dataset<Row> rated = RewardJob.readable(tables.input(), () -> rated(spark, config, bytes));
      try {
        spark.sparkContext().setJobDescription("select: write the dataset and its summary");
        Map<String, Object> summary = summary(rated);
        requireRows(tables.input(), summary);
        Dataset<String> rows =
            rated
                .orderBy(FIRST_ROW)
                .select(functions.explode(functions.col(ROWS)))
                .as(Encoders.STRING());
        switch (tables.format()) {
          case PARQUET ->
              spark.read().json(rows).write().mode("append").parquet(folder.work().toString());
          case JSONL -> {
            rows.write().mode("append").text(folder.work().toString());
            RewardJob.nameAsJsonLines(hadoop, folder.work());
          }
        }
        Map<String, Object> written = new LinkedHashMap<>(config.settings());
        written.putAll(summary);
        RewardJob.writeJson(hadoop, new Path(folder.work(), SUMMARY_FILE), written);
        FileList.write(hadoop, folder.work());
        folder.commit();
        return summary;
      } finally {
        rated.unpersist();
      }
    }
  }

  /** A row for each prompt, persisted on disk because it is read several times. */
  private static Dataset<Row> rated(SparkSession spark, SelectConfig config, long bytes) {
    try (StageProgress progress = new StageProgress(spark, "select")) {
      NumberedTable table = NumberedTable.read(spark, config.tables(), bytes, progress.read());
      StructType schema = table.rows().schema();
      requireColumns(schema, config);
      LongAccumulator counter = progress.judged();
      int promptId = schema.fieldIndex(CompletionRow.PROMPT_ID);
      MapFunction<Row, String> key = row -> CompletionRow.group(row.get(promptId));
      FlatMapGroupsFunction<String, Row, Row> rate =
          (id, members) -> {
            Row rated = rated(schema, members, config);
            counter.add(rated.getInt(1));
            return List.of(rated).iterator();
          };
      Dataset<Row> rated =
          table
              .rows()
              .groupByKey(key, Encoders.STRING())
              .flatMapGroups(rate, Encoders.row(RATED))
              .persist(StorageLevel.DISK_ONLY());
      rated.count(); // does the rating
      progress.done();
      return rated;
    }
  }

  private static Row rated(StructType schema, Iterator<Row> members, SelectConfig config) {
    List<Map<String, Object>> rollouts = new ArrayList<>();
    members.forEachRemaining(row -> rollouts.add(JudgedTable.cells(schema, row)));
    rollouts.sort(Comparator.comparingLong(row -> (Long) row.get(CompletionRow.ROW_NUMBER)));
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
            .agg(
                functions.count("*"),
                functions.sum(ROLLOUTS),
                functions.sum(JUDGED),
                functions.sum(CORRECT),
                functions.sum(functions.size(functions.col(ROWS))))
            .first();
    Map<String, Object> summary = new LinkedHashMap<>();
    List<String> names = List.of("prompts", ROLLOUTS, JUDGED, CORRECT, ROWS);
    for (int i = 0; i < names.size(); i++) {
      summary.put(names.get(i), sums.isNullAt(i) ? 0L : sums.getLong(i)); // null: a sum of no rows
    }
    summary.put("outcomes", ScoredTable.counts(rated, OUTCOME));
    Map<String, Long> passRates = new LinkedHashMap<>(); // by tenths, 1.0 by itself
    rated
        .where(JUDGED + " > 0")
        .groupBy(functions.expr("floor(10 * %s / %s)".formatted(CORRECT, JUDGED)).as("tenth"))
        .count()
        .orderBy("tenth")
        .collectAsList()
        .forEach(
            row ->
                passRates.put(
                    String.format(Locale.ROOT, "%.1f", row.getLong(0) / 10.0), row.getLong(1)));
    summary.put("prompts_by_pass_rate_from", passRates);
    return summary;
  }

  private static void requireRows(String input, Map<String, Object> summary) {
    if (summary.get(ROWS).equals(0L)) {
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

  /** The counts as lines for a person. */
  public static String text(Map<String, Object> summary) {
    return "%s rows of %s prompts: %s\nprompts by pass rate, from: %s"
        .formatted(
            summary.get(ROWS),
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
