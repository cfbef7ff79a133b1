package org.sparklora.reward.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.RootCause;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.table.FileList;
import org.sparklora.pipeline.table.OpenTableFormat;
import org.sparklora.pipeline.table.TableException;

/**
 * The reward stage: reads generations, judges each completion, and writes them in their input order
 * with rewards and group advantages. Rows of a group may be anywhere in the table.
 */
public final class RewardJob {
  /**
   * The {@link RewardSummary} in the table's folder. Spark ignores files whose names begin with an
   * underscore.
   */
  public static final String SUMMARY_FILE = "_reward_summary.json";

  private RewardJob() {}

  /**
   * Runs the stage.
   *
   * @throws ConfigException for invalid settings
   * @throws TableException if the table cannot be read or judged
   */
  public static RewardSummary run(SparkSession spark, RewardConfig config) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    RewardConfig.Tables tables = config.tables();
    // refuses an unknown reward before any work
    Scoring scoring = Scoring.of(config.functions(), config.advantages());
    long start = System.nanoTime();
    spark.sparkContext().setJobDescription("reward: judge generations");
    long bytes = requireInput(hadoop, tables);
    try (OutputFolder folder =
        OutputFolder.create(hadoop, tables.outputDir(), tables.overwrite())) {
      Dataset<Row> judged = readable(tables.input(), () -> judged(spark, config, scoring, bytes));
      try {
        spark.sparkContext().setJobDescription("reward: write the table and its summary");
        Dataset<Row> scored = JudgedTable.scaled(judged, scoring);
        write(hadoop, scored, tables.format(), folder.work());
        RewardSummary summary =
            new ScoredTable(scored, scoring.judge().rewards(), tables.groupSize())
                .summary((System.nanoTime() - start) / 1e9);
        writeJson(hadoop, new Path(folder.work(), SUMMARY_FILE), summary);
        FileList.write(hadoop, folder.work());
        folder.commit();
        return summary;
      } finally {
        judged.unpersist();
      }
    }
  }

  /**
   * Checks that the input exists and is not in the output folder, without a session and without
   * reading it.
   *
   * @return total bytes of its files
   * @throws ConfigException if it does not exist, or would be replaced
   * @throws TableException if a file of it is missing, or if it is a table of Delta Lake, Iceberg
   *     or Hudi
   */
  public static long requireInput(Configuration hadoop, RewardConfig.Tables tables) {
    String input = tables.input();
    Path path = new Path(input);
    long bytes = 0;
    try {
      FileSystem files = path.getFileSystem(hadoop);
      FileStatus[] found = files.globStatus(path);
      ConfigException.require(
          found != null && found.length > 0, Flags.INPUT, input, "there is no such file or folder");
      for (FileStatus file : found) {
        OpenTableFormat.refuseAtOrAbove(
            files, file.isDirectory() ? file.getPath() : file.getPath().getParent());
        FileList.requireWhole(hadoop, file.getPath().toString(), "generate");
        bytes += files.getContentSummary(file.getPath()).getLength();
      }
      OutputFolder.requireApart(
          hadoop, tables.outputDir(), Stream.of(found).map(FileStatus::getPath).toList());
      return bytes;
    } catch (IOException e) {
      throw failed("look at", path, e);
    }
  }

  /**
   * Names the damaged table in the error, since Spark names one of its files at best.
   *
   * @throws TableException if a file cannot be read
   */
  static <T> T readable(String input, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (Exception e) { // includes Spark's checked exceptions, which Java does not see
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

  /** The judged rows, persisted on disk because they are read several times. */
  private static Dataset<Row> judged(
      SparkSession spark, RewardConfig config, Scoring scoring, long bytes) {
    try (StageProgress progress = new StageProgress(spark, "reward")) {
      NumberedTable generations =
          NumberedTable.read(spark, config.tables(), bytes, progress.read());
      // Checks for the column only, not its values: rows without a solution are counted.
      config
          .functions()
          .requireSolutions(
              Arrays.asList(generations.rows().columns()).contains(CompletionRow.SOLUTION),
              config.tables().input() + " has no column solution; add one, or name other rewards");
      JudgedTable table = new JudgedTable(generations.rows().schema(), scoring);
      Dataset<Row> judged = table.groups(generations, progress.judged());
      judged.persist(StorageLevel.DISK_ONLY()).count(); // does the judging
      progress.done();
      return judged;
    }
  }

  private static void write(
      Configuration hadoop, Dataset<Row> scored, RewardConfig.Format format, Path folder) {
    Dataset<Row> ordered = scored.orderBy(CompletionRow.ROW_NUMBER).drop(CompletionRow.ROW_NUMBER);
    switch (format) {
      case PARQUET -> ordered.write().mode("append").parquet(folder.toString());
      case JSONL -> {
        ordered.write().mode("append").option("ignoreNullFields", false).json(folder.toString());
        nameAsJsonLines(hadoop, folder);
      }
    }
  }

  /**
   * Renames Spark's JSON lines from {@code .json}, which other programs read as one JSON value, or
   * {@code .txt}.
   */
  static void nameAsJsonLines(Configuration hadoop, Path folder) {
    try {
      FileSystem files = folder.getFileSystem(hadoop);
      for (FileStatus file : files.globStatus(new Path(folder, "part-*"))) {
        Path path = file.getPath();
        Path named = new Path(folder, path.getName().replaceAll("(json|txt)$", "jsonl"));
        if (!files.rename(path, named)) {
          throw new IOException("the file system refused to rename " + path.getName());
        }
      }
    } catch (IOException e) {
      throw failed("rename the files in", folder, e);
    }
  }

  /** Writes a value as JSON, one field a line. */
  static void writeJson(Configuration hadoop, Path path, Object value) {
    try (FSDataOutputStream out = path.getFileSystem(hadoop).create(path)) {
      String text = new ObjectMapper().valueToTree(value).toPrettyString();
      out.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw failed("write", path, e);
    }
  }

  private static TableException failed(String what, Path path, IOException cause) {
    return new TableException(
        "Cannot %s %s (%s): look at its file system, or name another folder"
            .formatted(what, path, RootCause.firstLine(cause)),
        cause);
  }
}
