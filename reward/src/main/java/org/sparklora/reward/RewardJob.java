package org.sparklora.reward;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
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
    RewardConfig.Tables tables = config.tables();
    List<Reward> rewards = config.functions().rewards(); // a name that is none: before any work
    long start = System.nanoTime();
    try (OutputFolder folder =
        OutputFolder.create(hadoop, tables.outputDir(), tables.overwrite())) {
      Dataset<Row> generations = numbered(spark, read(spark, tables.input()));
      Dataset<Row> scored = score(generations, config);
      scored.persist(StorageLevel.DISK_ONLY());
      try (StageProgress progress = StageProgress.start(spark, "reward")) {
        scored.count(); // does the judging; what follows reads what it kept
        progress.done();
      }
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

  private static Dataset<Row> read(SparkSession spark, String input) {
    boolean json = input.matches(".*\\.jsonl?(\\.gz|\\.bz2|\\.zst)?");
    return json ? spark.read().json(input) : spark.read().parquet(input);
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

  /** The table with a column {@link GenerationTable#ROW_NUMBER}, from 0 in the table's order. */
  static Dataset<Row> numbered(SparkSession spark, Dataset<Row> generations) {
    StructType schema = generations.schema().add(GenerationTable.ROW_NUMBER, DataTypes.LongType);
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
                  cells.add(pair._2());
                  return RowFactory.create(cells.toArray());
                });
    return spark.createDataFrame(numbered, schema);
  }

  /**
   * Judges a numbered table and adds advantages; lazy but for the moments of the batch, which
   * {@code scale_rewards batch} and {@code normalize_then_sum} need.
   */
  private static Dataset<Row> score(Dataset<Row> numbered, RewardConfig config) {
    List<Reward> rewards = config.functions().rewards();
    Dataset<Row> grouped = withGroups(numbered, config.tables().groupSize());
    GenerationTable table = new GenerationTable(grouped.schema(), rewards);
    AdvantageTable advantages = new AdvantageTable(table.judgedSchema(), rewards, config);
    MapFunction<Row, Row> judge = table::judge;
    int promptId = grouped.schema().fieldIndex(GenerationTable.PROMPT_ID);
    MapFunction<Row, String> key = row -> String.valueOf(row.get(promptId));
    FlatMapGroupsFunction<String, Row, Row> group = (id, rows) -> advantages.group(rows);
    int partitions =
        numbered.sparkSession().sparkContext().defaultParallelism() * PARTITIONS_PER_CORE;
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
    Moments batch = batchMoments(kept, config.advantages().aggregation());
    MapFunction<Row, Row> finish = row -> advantages.finish(row, batch);
    return kept.map(finish, Encoders.row(advantages.schema()));
  }

  private static Moments batchMoments(Dataset<Row> scored, Aggregation aggregation) {
    boolean normalized = aggregation == Aggregation.NORMALIZE_THEN_SUM;
    String column = normalized ? AdvantageTable.ADVANTAGE : AdvantageTable.REWARD;
    Row moments =
        scored
            .agg(functions.avg(column), functions.stddev_samp(column), functions.count("*"))
            .first();
    double deviation = moments.getLong(2) > 1 ? ScoredTable.number(moments, 1) : 0;
    return new Moments(ScoredTable.number(moments, 0), deviation);
  }

  /** The table with a {@code prompt_id}: its own, or the number of each run of G rows. */
  private static Dataset<Row> withGroups(Dataset<Row> numbered, OptionalInt groupSize) {
    if (Arrays.asList(numbered.columns()).contains(GenerationTable.PROMPT_ID)) {
      return numbered;
    }
    int size =
        groupSize.orElseThrow(
            () ->
                new ConfigException(
                    "num_generations",
                    "nothing",
                    "the table has no prompt_id, so say how many consecutive rows belong to one prompt"));
    return numbered.withColumn(
        GenerationTable.PROMPT_ID,
        functions.floor(functions.col(GenerationTable.ROW_NUMBER).divide(size)));
  }
}
