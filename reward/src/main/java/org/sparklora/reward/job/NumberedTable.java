package org.sparklora.reward.job;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.FileList;
import org.sparklora.pipeline.table.OpenTableFormat;
import org.sparklora.pipeline.table.TableException;

/**
 * The generations to judge, each with its place in the table and its group.
 *
 * @param rows the table's columns, {@link GenerationTable#ROW_NUMBER} and {@link
 *     GenerationTable#PROMPT_ID}
 * @param partitions into how many pieces judging them is best cut
 */
record NumberedTable(Dataset<Row> rows, int partitions) {
  /** Small partitions keep one slow completion from holding up many, and progress moving. */
  private static final int PARTITIONS_PER_CORE = 8;

  private static final long BYTES_A_PARTITION = 1 << 20;

  /**
   * Reads lazily.
   *
   * @param read counts the rows as they are read
   * @throws ConfigException if there is nothing to read, or rows cannot be put into groups
   * @throws TableException if it is a table of Delta Lake, Iceberg or Hudi
   */
  static NumberedTable read(SparkSession spark, RewardConfig.Tables tables, LongAccumulator read) {
    int partitions = partitions(spark, tables.input()); // looks whether there is a table at all
    Dataset<Row> generations = open(spark, tables.input());
    boolean grouped = Arrays.asList(generations.columns()).contains(GenerationTable.PROMPT_ID);
    Dataset<Row> numbered = numbered(spark, generations, read);
    return new NumberedTable(
        grouped ? numbered : withGroups(numbered, groupSize(generations, tables)), partitions);
  }

  private static Dataset<Row> open(SparkSession spark, String input) {
    boolean json = input.matches(".*\\.jsonl?(\\.gz|\\.bz2|\\.zst)?");
    Dataset<Row> table = json ? spark.read().json(input) : parquet(spark, input);
    ConfigException.require(table.columns().length > 0, Flags.INPUT, input, "it holds no rows");
    return table;
  }

  private static Dataset<Row> parquet(SparkSession spark, String input) {
    try {
      return spark.read().parquet(input);
    } catch (Exception e) { // also Spark's checked ones, which its Java interface does not declare
      Throwable cause = e;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      throw new TableException(
          "Cannot read %s as Parquet (%s); name a folder of Parquet files, or a file that ends in .jsonl"
              .formatted(input, String.valueOf(cause.getMessage()).lines().findFirst().orElse("")),
          e);
    }
  }

  /**
   * Looks for a table, and reads nothing of it.
   *
   * @throws ConfigException if it is not there
   */
  static long requireInput(Configuration hadoop, String input) {
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
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot look at " + input, e);
    }
  }

  private static int partitions(SparkSession spark, String input) {
    long bytes = requireInput(spark.sparkContext().hadoopConfiguration(), input);
    int atLeast = spark.sparkContext().defaultParallelism() * PARTITIONS_PER_CORE;
    return Math.max(atLeast, (int) (bytes / BYTES_A_PARTITION));
  }

  /** The table with a column {@link GenerationTable#ROW_NUMBER}, from 0 in the table's order. */
  private static Dataset<Row> numbered(
      SparkSession spark, Dataset<Row> generations, LongAccumulator read) {
    StructType schema = generations.schema().add(GenerationTable.ROW_NUMBER, DataTypes.LongType);
    JavaRDD<Row> numbered =
        generations
            .javaRDD()
            .zipWithIndex()
            .map(
                pair -> {
                  read.add(1);
                  return GenerationTable.wider(pair._1(), pair._2());
                });
    return spark.createDataFrame(numbered, schema);
  }

  /** How many consecutive rows belong to one prompt; the last prompt has as many as the others. */
  private static int groupSize(Dataset<Row> generations, RewardConfig.Tables tables) {
    int size =
        tables
            .groupSize()
            .orElseThrow(
                () ->
                    new ConfigException(
                        Flags.NUM_GENERATIONS,
                        "nothing",
                        "the table has no prompt_id, so say how many consecutive rows belong to one prompt"));
    long rows = generations.count();
    long last = rows % size;
    if (last > 0) {
      throw new TableException(
          "Cannot judge %s: it has no prompt_id and %s rows, and with --num_generations %s the last group, from row %s on, has only %s; give the number of completions of each prompt, add the rows that are missing, or a column prompt_id"
              .formatted(tables.input(), rows, size, rows - last, last));
    }
    return size;
  }

  /** The table with the number of each run of G rows as its {@code prompt_id}. */
  private static Dataset<Row> withGroups(Dataset<Row> numbered, int size) {
    return numbered.withColumn(
        GenerationTable.PROMPT_ID,
        functions.floor(functions.col(GenerationTable.ROW_NUMBER).divide(size)));
  }
}
