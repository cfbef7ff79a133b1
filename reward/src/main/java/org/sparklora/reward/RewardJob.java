package org.sparklora.reward;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.LongAccumulator;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Moments;

/**
 * The reward stage: reads generations, judges each completion, and writes them, in the order they
 * came in, with rewards and group advantages. Groups are put together wherever their rows lie.
 */
public final class RewardJob {
  /**
   * Beside the table: a {@link RewardSummary}. Spark takes no file that begins so for a part of the
   * table.
   */
  public static final String SUMMARY_FILE = "_reward_summary.json";

  private RewardJob() {}

  /**
   * Runs the stage.
   *
   * @throws ConfigException for settings that cannot be used
   * @throws org.sparklora.pipeline.table.TableException for a table that cannot be judged
   */
  public static RewardSummary run(SparkSession spark, RewardConfig config) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    RewardConfig.Tables tables = config.tables();
    List<Reward> rewards = config.functions().rewards(); // a name that is none: before any work
    long start = System.nanoTime();
    spark.sparkContext().setJobDescription("reward: judge generations");
    NumberedTable.requireInput(spark, tables.input());
    try (OutputFolder folder =
        OutputFolder.create(hadoop, tables.outputDir(), tables.overwrite())) {
      Dataset<Row> scored;
      try (StageProgress progress = StageProgress.start(spark, "reward")) {
        NumberedTable generations = NumberedTable.read(spark, tables, progress.read());
        requireSolutions(generations, config);
        scored = score(generations, config, rewards, progress.judged());
        scored.persist(StorageLevel.DISK_ONLY());
        scored.count(); // does the judging; what follows reads what it kept
        progress.done();
      }
      spark.sparkContext().setJobDescription("reward: write the table and its summary");
      write(hadoop, scored, tables.format(), folder.work());
      RewardSummary summary =
          new ScoredTable(scored, rewards, tables.groupSize())
              .summary((System.nanoTime() - start) / 1e9);
      scored.unpersist();
      writeText(hadoop, new Path(folder.work(), SUMMARY_FILE), summary.toJson());
      folder.commit();
      return summary;
    }
  }

  /** A column is looked for, not its values: rows without a solution are counted. */
  private static void requireSolutions(NumberedTable generations, RewardConfig config) {
    boolean given = Arrays.asList(generations.rows().columns()).contains(GenerationTable.SOLUTION);
    config
        .functions()
        .comparing()
        .ifPresent(
            name ->
                ConfigException.require(
                    given,
                    "reward_funcs",
                    name,
                    "it compares answers with solutions, and %s has no column solution; add one, or name other rewards"
                        .formatted(config.tables().input())));
  }

  private static void write(
      Configuration hadoop, Dataset<Row> scored, RewardConfig.Format format, Path folder) {
    Dataset<Row> ordered =
        scored.orderBy(GenerationTable.ROW_NUMBER).drop(GenerationTable.ROW_NUMBER);
    switch (format) {
      case PARQUET -> ordered.write().mode("append").parquet(folder.toString());
      case JSONL -> {
        ordered.write().mode("append").option("ignoreNullFields", false).json(folder.toString());
        nameAsJsonLines(hadoop, folder);
      }
    }
  }

  /** Spark names JSON lines {@code .json}, which others take for one JSON value. */
  private static void nameAsJsonLines(Configuration hadoop, Path folder) {
    try {
      FileSystem files = folder.getFileSystem(hadoop);
      for (FileStatus file : files.globStatus(new Path(folder, "part-*.json"))) {
        Path path = file.getPath();
        files.rename(path, new Path(folder, path.getName().replaceAll("json$", "jsonl")));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot rename the files in " + folder, e);
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
   * Judges a numbered table and adds advantages; lazy but for the moments of the batch, which
   * {@code scale_rewards batch} and {@code normalize_then_sum} need.
   */
  private static Dataset<Row> score(
      NumberedTable generations,
      RewardConfig config,
      List<Reward> rewards,
      LongAccumulator judged) {
    Dataset<Row> grouped = generations.rows();
    GenerationTable table = new GenerationTable(grouped.schema(), rewards);
    AdvantageTable advantages = new AdvantageTable(table.judgedSchema(), rewards, config);
    MapFunction<Row, Row> judge =
        row -> {
          Row result = table.judge(row);
          judged.add(1);
          return result;
        };
    int promptId = grouped.schema().fieldIndex(GenerationTable.PROMPT_ID);
    MapFunction<Row, String> key = row -> String.valueOf(row.get(promptId));
    FlatMapGroupsFunction<String, Row, Row> group = (id, rows) -> advantages.group(rows);
    Dataset<Row> scored =
        grouped
            .repartition(generations.partitions())
            .map(judge, Encoders.row(table.judgedSchema()))
            .groupByKey(key, Encoders.STRING())
            .flatMapGroups(group, Encoders.row(advantages.schema()));
    if (!advantages.needsBatch()) {
      return scored;
    }
    Dataset<Row> kept = scored.persist(StorageLevel.DISK_ONLY());
    Moments batch = batchMoments(kept, config.advantages().aggregation());
    MapFunction<Row, Row> finish = row -> advantages.finish(row, batch);
    return kept.map(finish, Encoders.row(advantages.schema()));
  }

  private static Moments batchMoments(Dataset<Row> scored, Aggregation aggregation) {
    boolean normalized = aggregation == Aggregation.NORMALIZE_THEN_SUM;
    String column = normalized ? AdvantageTable.ADVANTAGE : AdvantageTable.REWARD;
    double[] values = // in the table's order, so that the sum does not depend on a shuffle
        scored
            .select(functions.col(GenerationTable.ROW_NUMBER), functions.col(column))
            .orderBy(GenerationTable.ROW_NUMBER)
            .collectAsList()
            .stream()
            .mapToDouble(row -> ScoredTable.number(row, 1))
            .toArray();
    return GroupAdvantage.batchMoments(values);
  }
}
