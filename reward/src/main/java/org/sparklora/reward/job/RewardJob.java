package org.sparklora.reward.job;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
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
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.LongAccumulator;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.table.FileList;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.reward.GroupAdvantage.Moments;
import org.sparklora.reward.Reward;

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
   * @throws TableException for a table that cannot be judged
   */
  public static RewardSummary run(SparkSession spark, RewardConfig config) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    RewardConfig.Tables tables = config.tables();
    List<Reward> rewards = config.functions().rewards(); // a name that is none: before any work
    long start = System.nanoTime();
    spark.sparkContext().setJobDescription("reward: judge generations");
    requireInput(hadoop, tables.input());
    try (OutputFolder folder =
        OutputFolder.create(hadoop, tables.outputDir(), tables.overwrite())) {
      Judged judged = readable(tables.input(), () -> judged(spark, config, rewards));
      try {
        spark.sparkContext().setJobDescription("reward: write the table and its summary");
        Dataset<Row> scored = judged.scored();
        write(hadoop, scored, tables.format(), folder.work());
        RewardSummary summary =
            new ScoredTable(scored, rewards, tables.groupSize())
                .summary((System.nanoTime() - start) / 1e9);
        writeText(hadoop, new Path(folder.work(), SUMMARY_FILE), summary.toJson());
        FileList.write(hadoop, folder.work());
        folder.commit();
        return summary;
      } finally {
        judged.groups().unpersist();
      }
    }
  }

  /**
   * Looks whether there is a table to judge, without a session.
   *
   * @throws ConfigException if there is none
   * @throws TableException if a file of it is missing
   */
  public static void requireInput(Configuration hadoop, String input) {
    NumberedTable.requireInput(hadoop, input);
  }

  /**
   * Says which table it is that is damaged, where Spark says a file of it at best.
   *
   * @throws TableException if it is, or the machine has no room to read it
   */
  private static <T> T readable(String input, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (Exception e) { // also Spark's checked ones, which its Java interface does not declare
      Optional<String> problem = ReadFailure.of(e);
      if (problem.isEmpty()) {
        throw e;
      }
      throw new TableException(
          "Cannot read %s (%s): it is damaged, or was cut; copy it again, or run generate again"
              .formatted(input, problem.get()),
          e);
    }
  }

  /**
   * What judging came to.
   *
   * @param groups judged rows, kept on disk: what follows reads them several times
   */
  private record Judged(Dataset<Row> groups, AdvantageTable advantages) {

    /** The rows with their advantages, which may depend on all groups. */
    Dataset<Row> scored() {
      if (!advantages.needsBatch()) {
        return groups;
      }
      Moments batch = advantages.batch(groups);
      AdvantageTable table = advantages;
      MapFunction<Row, Row> finish = row -> table.finish(row, batch);
      return groups.map(finish, Encoders.row(table.schema()));
    }
  }

  private static Judged judged(SparkSession spark, RewardConfig config, List<Reward> rewards) {
    try (StageProgress progress = StageProgress.start(spark, "reward")) {
      NumberedTable generations = NumberedTable.read(spark, config.tables(), progress.read());
      // A column is looked for, not its values: rows without a solution are counted.
      config
          .functions()
          .requireSolutions(
              Arrays.asList(generations.rows().columns()).contains(GenerationTable.SOLUTION),
              config.tables().input() + " has no column solution; add one, or name other rewards");
      Judged judged = groups(generations, config, rewards, progress.judged());
      judged.groups().persist(StorageLevel.DISK_ONLY()).count(); // does the judging
      progress.done();
      return judged;
    }
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

  /** Judges a numbered table and puts its groups together; lazy. */
  private static Judged groups(
      NumberedTable generations,
      RewardConfig config,
      List<Reward> rewards,
      LongAccumulator judged) {
    Dataset<Row> rows = generations.rows();
    GenerationTable table = new GenerationTable(rows.schema(), rewards);
    AdvantageTable advantages = new AdvantageTable(table.judgedSchema(), rewards, config);
    MapFunction<Row, Row> judge =
        row -> {
          Row result = table.judge(row);
          judged.add(1);
          return result;
        };
    int promptId = rows.schema().fieldIndex(GenerationTable.PROMPT_ID);
    MapFunction<Row, String> key = row -> String.valueOf(row.get(promptId));
    FlatMapGroupsFunction<String, Row, Row> group = (id, members) -> advantages.group(members);
    Dataset<Row> groups =
        rows.repartition(generations.partitions())
            .map(judge, Encoders.row(table.judgedSchema()))
            .groupByKey(key, Encoders.STRING())
            .flatMapGroups(group, Encoders.row(advantages.schema()));
    return new Judged(groups, advantages);
  }
}
