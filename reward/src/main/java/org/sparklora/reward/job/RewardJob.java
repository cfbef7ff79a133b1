package org.sparklora.reward.job;

import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.RootCause;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.run.QueryProgress;
import org.sparklora.pipeline.table.FileList;
import org.sparklora.pipeline.table.OpenTableFormat;
import org.sparklora.pipeline.table.TableException;

/**
 * The reward stage: reads generations, judges each completion, and writes them in their input order
 * with rewards and group advantages. Rows of a group may be anywhere in the table.
 */
public final class RewardJob {
  /** The {@link RewardSummary} in the table's folder; Spark ignores names with an underscore. */
  public static final String SUMMARY_FILE = "_reward_summary.json";

  private static final Pattern FILE = Pattern.compile("reading file:? (\\S+?)[.,]?(\\s|$)");

  /** The class through which Spark reads all files of tables, also to infer a schema. */
  private static final String SCAN = "org.apache.spark.sql.execution.datasources.FileScanRDD";

  private RewardJob() {}

  /**
   * Runs the stage.
   *
   * @throws ConfigException for invalid settings
   * @throws TableException if the table cannot be read or judged
   */
  public static RewardSummary run(SparkSession spark, RewardConfig config) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    // refuses an unknown reward before any work
    Scoring scoring = Scoring.of(config.functions(), config.advantages());
    long start = System.nanoTime();
    return run(
        spark,
        "reward: judge generations",
        config.tables(),
        generations -> {
          // checks for the column only, not its values: rows without a solution are counted
          config
              .functions()
              .requireSolutions(
                  Arrays.asList(generations.rows().columns()).contains(CompletionRow.SOLUTION),
                  config.tables().input()
                      + " has no column solution; add one, or name other rewards");
          return new JudgedTable(generations.rows().schema(), scoring).groups(generations);
        },
        (judged, folder) -> {
          Dataset<Row> scored = JudgedTable.scaled(judged, scoring);
          boolean json = config.tables().format() == RewardConfig.Format.JSONL;
          scored
              .orderBy(CompletionRow.ROW_NUMBER)
              .drop(CompletionRow.ROW_NUMBER)
              .write()
              .mode("append")
              .option("ignoreNullFields", false) // an option of JSON alone
              .format(json ? "json" : "parquet")
              .save(folder.toString());
          RewardSummary summary =
              RewardSummary.of(
                  scored,
                  scoring.judge().rewards(),
                  config.tables().groupSize(),
                  (System.nanoTime() - start) / 1e9);
          FileList.writeJson(hadoop, new Path(folder, SUMMARY_FILE), summary);
          return summary;
        });
  }

  /**
   * Makes a table of completions in the output folder, which appears when it is complete.
   *
   * @param query the rows that are computed once, on disk, since they are read several times
   * @param writer writes their results into a folder, in the tables' format
   */
  static <R> R run(
      SparkSession spark,
      String name,
      RewardConfig.Tables tables,
      Function<NumberedTable, Dataset<Row>> query,
      BiFunction<Dataset<Row>, Path, R> writer) {
    SparkContext context = spark.sparkContext();
    Configuration hadoop = context.hadoopConfiguration();
    context.setJobDescription(name);
    long bytes = requireInput(hadoop, tables);
    try (OutputFolder folder =
        OutputFolder.create(hadoop, tables.outputDir(), tables.overwrite())) {
      Dataset<Row> rows =
          readable(
              tables.input(),
              () -> {
                Dataset<Row> made =
                    query
                        .apply(NumberedTable.read(spark, tables, bytes))
                        .persist(StorageLevel.DISK_ONLY());
                QueryProgress.show(context, name, "completions", made::count);
                return made;
              });
      try {
        context.setJobDescription(tables.outputDir() + ": write the table and its summary");
        R result = writer.apply(rows, folder.work());
        if (tables.format() == RewardConfig.Format.JSONL) {
          nameAsJsonLines(hadoop, folder.work());
        }
        FileList.write(hadoop, folder.work());
        folder.commit();
        return result;
      } finally {
        rows.unpersist();
      }
    }
  }

  /**
   * Checks that the input exists and is not in the output folder, without a session and without
   * reading it; returns the total bytes of its files.
   *
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

  /** Names the damaged table in the error, since Spark names one of its files at best. */
  private static <T> T readable(String input, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (Exception e) { // includes Spark's checked exceptions, which Java does not see
      Optional<String> problem = readFailure(e);
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
   * The problem and the file of a failure to read, which Spark wraps several times; empty for
   * failures of another kind, and for our own.
   */
  static Optional<String> readFailure(Throwable failure) {
    String file = "";
    boolean reading = false;
    for (Throwable cause : RootCause.chain(failure)) {
      if (cause instanceof ConfigException || cause instanceof TableException) {
        return Optional.empty();
      }
      // tasks that read also write, to spill and shuffle: only the frames of a scan tell
      reading |=
          cause instanceof IOException
                  && Arrays.stream(cause.getStackTrace())
                      .anyMatch(frame -> frame.getClassName().startsWith(SCAN))
              || cause.getClass().getName().startsWith("org.apache.parquet");
      Matcher named = FILE.matcher(String.valueOf(cause.getMessage()));
      file = file.isEmpty() && named.find() ? named.group(1) + ": " : file;
    }
    Throwable root = RootCause.of(failure);
    return reading || !file.isEmpty()
        ? Optional.of(file + root.getClass().getSimpleName() + " " + RootCause.firstLine(root))
        : Optional.empty();
  }

  /** Renames JSON lines from {@code .json}, which others read as one value, or {@code .txt}. */
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

  private static TableException failed(String what, Path path, IOException cause) {
    return new TableException(
        "Cannot %s %s (%s): look at its file system, or name another folder"
            .formatted(what, path, RootCause.firstLine(cause)),
        cause);
  }
}
