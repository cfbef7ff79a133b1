package org.sparklora.reward;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
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
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.reward.GroupAdvantage.Moments;

/**
 * The reward stage: reads generations, judges each completion, and writes them with rewards and
 * group advantages. Groups are put together wherever their rows lie.
 */
public final class RewardJob {
  /**
   * Beside the table: a {@link RewardSummary}. Spark takes no file that begins so for a part of the
   * table.
   */
  public static final String SUMMARY_FILE = "_reward_summary.json";

  private static final int LOCATED_ROWS = 20;
  private static final int SLOWEST_ROWS = 5;

  /** Small partitions keep one slow completion from holding up many, and progress moving. */
  private static final int PARTITIONS_PER_CORE = 8;

  private RewardJob() {}

  /**
   * Runs the stage.
   *
   * @throws ConfigException for settings that cannot be used
   * @throws org.sparklora.pipeline.table.TableException for a table that cannot be judged
   */
  public static RewardSummary run(SparkSession spark, RewardConfig config) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    long start = System.nanoTime();
    try (OutputFolder folder =
        OutputFolder.create(hadoop, config.outputDir(), config.overwrite())) {
      Dataset<Row> scored = score(spark, read(spark, config.input()), config);
      scored.persist(StorageLevel.DISK_ONLY());
      try (StageProgress progress = StageProgress.start(spark, "reward")) {
        // The table's files come first: they do the judging.
        write(scored, config.outputFormat(), folder.work().toString());
        progress.done();
      }
      RewardSummary summary = summarize(scored, config.rewards(), start);
      scored.unpersist();
      writeText(hadoop, new Path(folder.work(), SUMMARY_FILE), summary.toJson());
      folder.commit();
      return summary;
    }
  }

  private static Dataset<Row> read(SparkSession spark, String input) {
    boolean json =
        input.endsWith(".jsonl") || input.endsWith(".json") || input.endsWith(".jsonl.gz");
    return json ? spark.read().json(input) : spark.read().parquet(input);
  }

  private static void write(Dataset<Row> scored, String format, String folder) {
    if (format.equals("jsonl")) {
      scored.write().mode("append").option("ignoreNullFields", false).json(folder);
    } else {
      scored.write().mode("append").parquet(folder);
    }
  }

  private static void writeText(Configuration hadoop, Path path, String text) {
    try (FSDataOutputStream out = path.getFileSystem(hadoop).create(path)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + path, e);
    }
  }

  /**
   * Judges a table and adds advantages; for callers that have the generations at hand. Lazy but for
   * the moments of the batch, which {@code scale_rewards batch} and {@code normalize_then_sum}
   * need.
   */
  public static Dataset<Row> score(
      SparkSession spark, Dataset<Row> generations, RewardConfig config) {
    List<Reward> rewards = config.rewards();
    Dataset<Row> grouped = withGroups(spark, generations, config);
    GenerationTable table = new GenerationTable(grouped.schema(), rewards);
    AdvantageTable advantages = new AdvantageTable(table.judgedSchema(), rewards, config);
    MapFunction<Row, Row> judge = table::judge;
    int promptId = grouped.schema().fieldIndex(GenerationTable.PROMPT_ID);
    MapFunction<Row, String> key = row -> String.valueOf(row.get(promptId));
    FlatMapGroupsFunction<String, Row, Row> group = (id, rows) -> advantages.group(rows);
    int partitions = spark.sparkContext().defaultParallelism() * PARTITIONS_PER_CORE;
    Dataset<Row> scored =
        grouped
            .repartition(partitions)
            .map(judge, Encoders.row(table.judgedSchema()))
            .groupByKey(key, Encoders.STRING())
            .flatMapGroups(group, Encoders.row(advantages.schema()));
    if (!advantages.needsBatch()) {
      return scored;
    }
    Dataset<Row> kept = scored.persist(StorageLevel.DISK_ONLY());
    Moments batch = batchMoments(kept, config);
    MapFunction<Row, Row> finish = row -> advantages.finish(row, batch);
    return kept.map(finish, Encoders.row(advantages.schema()));
  }

  private static Moments batchMoments(Dataset<Row> scored, RewardConfig config) {
    boolean normalized = config.aggregation() == GroupAdvantage.Aggregation.NORMALIZE_THEN_SUM;
    String column = normalized ? AdvantageTable.ADVANTAGE : AdvantageTable.REWARD;
    Row moments =
        scored
            .agg(functions.avg(column), functions.stddev_samp(column), functions.count("*"))
            .first();
    double deviation = moments.getLong(2) > 1 ? number(moments, 1) : 0;
    return new Moments(number(moments, 0), deviation);
  }

  private static double number(Row row, int column) {
    return row.isNullAt(column) ? Double.NaN : row.getDouble(column);
  }

  /** The table with a {@code prompt_id}: its own, or the number of each run of G rows. */
  private static Dataset<Row> withGroups(
      SparkSession spark, Dataset<Row> generations, RewardConfig config) {
    if (Arrays.asList(generations.columns()).contains(GenerationTable.PROMPT_ID)) {
      return generations;
    }
    int size =
        config
            .groupSize()
            .orElseThrow(
                () ->
                    new ConfigException(
                        "num_generations",
                        "nothing",
                        "the table has no prompt_id, so say how many consecutive rows belong to one prompt"));
    StructType schema = generations.schema().add(GenerationTable.PROMPT_ID, DataTypes.LongType);
    JavaRDD<Row> numbered =
        generations
            .javaRDD()
            .zipWithIndex()
            .map(
                pair -> {
                  List<Object> cells = new ArrayList<>();
                  for (int i = 0; i < pair._1().size(); i++) {
                    cells.add(pair._1().get(i));
                  }
                  cells.add(pair._2() / size);
                  return RowFactory.create(cells.toArray());
                });
    return spark.createDataFrame(numbered, schema);
  }

  private static RewardSummary summarize(Dataset<Row> scored, List<Reward> rewards, long start) {
    Row totals =
        scored
            .agg(
                functions.avg(AdvantageTable.REWARD),
                functions.stddev_samp(AdvantageTable.REWARD),
                functions.avg(functions.col(AdvantageTable.ZERO_STD).cast("double")),
                functions.count("*"),
                functions.countDistinct(GenerationTable.PROMPT_ID))
            .first();
    Map<String, Double> means = new LinkedHashMap<>();
    for (Reward reward : rewards) {
      String column = GenerationTable.rewardColumn(reward);
      means.put(reward.name(), number(scored.agg(functions.avg("`" + column + "`")).first(), 0));
    }
    return new RewardSummary(
        number(totals, 0),
        number(totals, 1),
        number(totals, 2),
        means,
        totals.getLong(3),
        totals.getLong(4),
        counts(scored, GenerationTable.VERDICT),
        counts(scored, GenerationTable.REASON),
        rows(
            scored.where(
                functions.col(GenerationTable.VERDICT).equalTo(GenerationTable.UNREADABLE)),
            LOCATED_ROWS),
        rows(scored.orderBy(functions.col(GenerationTable.SECONDS).desc()), SLOWEST_ROWS),
        (System.nanoTime() - start) / 1e9);
  }

  private static Map<String, Long> counts(Dataset<Row> scored, String column) {
    Map<String, Long> counts = new LinkedHashMap<>();
    for (Row row :
        scored.groupBy(column).count().orderBy(functions.desc("count")).collectAsList()) {
      counts.put(row.getString(0), row.getLong(1));
    }
    return counts;
  }

  private static List<String> rows(Dataset<Row> some, int limit) {
    return some
        .select(GenerationTable.PROMPT_ID, GenerationTable.SECONDS, GenerationTable.REASON)
        .limit(limit)
        .collectAsList()
        .stream()
        .map(
            row ->
                "prompt_id %s: %.3f s, %s"
                    .formatted(row.get(0), row.getDouble(1), row.getString(2)))
        .toList();
  }
}
