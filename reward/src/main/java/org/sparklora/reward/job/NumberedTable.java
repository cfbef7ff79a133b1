package org.sparklora.reward.job;

import java.util.Arrays;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.RootCause;
import org.sparklora.pipeline.table.TableException;

/**
 * The generations to judge, each with its row number in the table and its group.
 *
 * @param rows the table's columns, {@link CompletionRow#ROW_NUMBER} and {@link
 *     CompletionRow#PROMPT_ID}
 * @param partitions suitable number of partitions for judging
 */
record NumberedTable(Dataset<Row> rows, int partitions) {
  /** Small partitions: one slow completion delays few others, and progress moves. */
  private static final int PARTITIONS_PER_CORE = 8;

  private static final long BYTES_A_PARTITION = 1 << 20;

  /** Each partition costs the driver and the shuffle; more only if there are cores for them. */
  private static final long MOST_PARTITIONS = 4_000;

  private static final String PLACE = "_spark_lora_place";

  /**
   * Opens the table, whose files have so many bytes, lazily.
   *
   * @throws ConfigException if the table has no columns, or neither prompt_id nor a group size
   * @throws TableException if the table is not Parquet, or its last group is incomplete
   */
  static NumberedTable read(SparkSession spark, RewardConfig.Tables tables, long bytes) {
    String input = tables.input();
    boolean json = input.matches(".*\\.jsonl?(\\.gz|\\.bz2|\\.zst)?");
    Dataset<Row> generations = json ? spark.read().json(input) : parquet(spark, input);
    ConfigException.require(
        generations.columns().length > 0, Flags.INPUT, input, "it holds no rows");
    Dataset<Row> rows = numbered(spark, generations, input);
    if (!Arrays.asList(generations.columns()).contains(CompletionRow.PROMPT_ID)) {
      Column group = functions.col(CompletionRow.ROW_NUMBER).divide(groupSize(generations, tables));
      rows = rows.withColumn(CompletionRow.PROMPT_ID, functions.floor(group));
    }
    return new NumberedTable(rows, partitions(spark.sparkContext().defaultParallelism(), bytes));
  }

  /** Maps the rows of each prompt in the table's order, so no sum depends on a shuffle; lazy. */
  static Dataset<Row> ofPrompts(
      Dataset<Row> rows, FlatMapGroupsFunction<String, Row, Row> map, StructType schema) {
    int promptId = rows.schema().fieldIndex(CompletionRow.PROMPT_ID);
    MapFunction<Row, String> key = row -> CompletionRow.group(row.get(promptId));
    Column[] order = {functions.col(CompletionRow.ROW_NUMBER)};
    return rows.groupByKey(key, Encoders.STRING())
        .flatMapSortedGroups(order, map, Encoders.row(schema));
  }

  /** The number of partitions for judging a table of so many bytes. */
  static int partitions(int cores, long bytes) {
    return Math.max(
        cores * PARTITIONS_PER_CORE, (int) Math.min(MOST_PARTITIONS, bytes / BYTES_A_PARTITION));
  }

  private static Dataset<Row> parquet(SparkSession spark, String input) {
    try {
      return spark.read().parquet(input);
    } catch (Exception e) { // includes Spark's checked exceptions, which Java does not see
      throw new TableException(
          "Cannot read %s as Parquet (%s); name a folder of Parquet files, or a file that ends in .jsonl"
              .formatted(input, RootCause.firstLine(RootCause.of(e))),
          e);
    }
  }

  /** Adds the column {@link CompletionRow#ROW_NUMBER}, from 0 in the table's order. */
  private static Dataset<Row> numbered(SparkSession spark, Dataset<Row> generations, String input) {
    StructType schema = generations.schema().add(CompletionRow.ROW_NUMBER, DataTypes.LongType);
    int promptId = Arrays.asList(generations.columns()).indexOf(CompletionRow.PROMPT_ID);
    JavaRDD<Row> numbered =
        inOrder(generations)
            .javaRDD()
            .zipWithIndex()
            .map(
                pair -> {
                  if (promptId >= 0 && pair._1().isNullAt(promptId)) { // -1: no such column
                    throw new TableException(
                        "Cannot group row %s of %s: its prompt_id is null; fill it in, or leave the column out and give --num_generations"
                            .formatted(pair._2(), input));
                  }
                  return JudgedTable.wider(pair._1(), pair._2());
                });
    return spark.createDataFrame(numbered, schema);
  }

  /** Sorts by the files' paths and the places in a file: a scan begins with the largest parts. */
  private static Dataset<Row> inOrder(Dataset<Row> rows) {
    Column place =
        functions.struct(
            functions.col("_metadata.file_path"),
            functions.col("_metadata.file_block_start"),
            functions.monotonically_increasing_id());
    return rows.withColumn(PLACE, place).sort(PLACE).drop(PLACE);
  }

  /** Number of consecutive rows of one prompt; checks that it divides the number of rows. */
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
}
