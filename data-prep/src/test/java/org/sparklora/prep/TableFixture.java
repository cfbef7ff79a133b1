package org.sparklora.prep;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.prep.PrepConfig.OnBadRows;
import org.sparklora.prep.pack.PackingStrategy;
import org.sparklora.prep.table.TableQuery;

/** A session with Delta Lake, Iceberg and a Hive catalogue, for all tests of tables. */
abstract class TableFixture {
  static final int ROWS = 900;

  static Path scratch;
  static SparkSession spark;

  /** The packed rows of the questions as plain Parquet. */
  static List<String> plain;

  private static Path tokenizer;
  private static int runs;

  /** Opens the session; its tables lie below {@code folder}. */
  static void open(Path folder) throws IOException {
    scratch = folder;
    System.setProperty("derby.stream.error.file", path("derby.log"));
    tokenizer = Fixtures.tokenizer("tiny", scratch).orElseThrow();
    spark =
        SparkSession.builder()
            .master("local[3]")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 2)
            .config("spark.databricks.delta.snapshotPartitions", 1) // 50, each a task
            .config("spark.sql.sources.parallelPartitionDiscovery.parallelism", 1) // of VACUUM
            // compiling takes longer than so few rows
            .config("spark.sql.codegen.wholeStage", false)
            .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
            .config("spark.sql.catalogImplementation", "hive")
            .config(
                "spark.hadoop.javax.jdo.option.ConnectionURL",
                "jdbc:derby:memory:tables;create=true")
            .config("spark.hadoop.datanucleus.schema.autoCreateAll", "true")
            .config("spark.hadoop.hive.metastore.schema.verification", "false")
            .config("spark.sql.warehouse.dir", scratch.resolve("warehouse").toString())
            .config(
                "spark.sql.extensions",
                "io.delta.sql.DeltaSparkSessionExtension,org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
            .config(
                "spark.sql.catalog.spark_catalog",
                "org.apache.spark.sql.delta.catalog.DeltaCatalog")
            .config("spark.sql.catalog.ice", "org.apache.iceberg.spark.SparkCatalog")
            .config("spark.sql.catalog.ice.type", "hadoop")
            .config("spark.sql.catalog.ice.warehouse", scratch.resolve("ice").toString())
            .getOrCreate();
    questions().write().parquet(path("plain"));
    plain = packed(path("plain"), TableQuery.NONE);
    assertThat(plain).hasSizeGreaterThan(50);
  }

  static void close() {
    spark.stop();
  }

  static String path(String name) {
    return scratch.resolve(name).toString();
  }

  /** Questions in three files whose names say their order. */
  static Dataset<Row> questions() {
    return spark
        .range(0, ROWS, 1, 3)
        .select(
            functions.col("id"),
            functions
                .expr("concat('How much is ', id, ' times ', id * 7 % 11, '?')")
                .as("question"),
            functions.expr("concat('It is ', id * (id * 7 % 11))").as("answer"));
  }

  static TableQuery query(String format) {
    return new TableQuery(format, "", "", "", "");
  }

  static TableQuery revision(String format, Object revision) {
    return new TableQuery(format, String.valueOf(revision), "", "", "");
  }

  static TableQuery byContent(String format, Object revision) {
    return new TableQuery(format, String.valueOf(revision), "", "", "content");
  }

  static PrepConfig config(String dataset, TableQuery query, String out) {
    PrepConfig c = PrepConfigs.packed(tokenizer.toString(), dataset, path(out));
    return new PrepConfig(
        PrepConfigs.source(dataset, OnBadRows.FAIL, query),
        c.model(),
        256,
        c.truncation(),
        PrepConfigs.packing(true, PackingStrategy.BFD, 0),
        c.loss(),
        false,
        c.outputFolder(),
        false);
  }

  static TableManifest prep(String dataset, TableQuery query, String out) {
    return PrepJob.run(spark, config(dataset, query, out));
  }

  /** The packed rows that a dataset gives. */
  static List<String> packed(String dataset, TableQuery query) {
    String out = "packed-" + runs++;
    prep(dataset, query, out);
    return rows(out);
  }

  static List<String> rows(String out) {
    return PackedSequenceTable.open(spark.sparkContext().hadoopConfiguration(), path(out))
        .readAll()
        .stream()
        .map(TableFixture::text)
        .toList();
  }

  private static String text(PackedSequence row) {
    return Arrays.toString(row.inputIds()) + Arrays.toString(row.seqLengths());
  }
}
