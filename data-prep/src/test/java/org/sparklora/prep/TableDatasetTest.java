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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.prep.PrepConfig.OnBadRows;
import org.sparklora.prep.format.ColumnMapping;
import org.sparklora.prep.pack.PackingStrategy;
import org.sparklora.prep.table.TableQuery;

/** Tables of the real Delta Lake, Iceberg and Hive catalogue, against the equal Parquet files. */
class TableDatasetTest {
  private static final int ROWS = 900;

  @TempDir private static Path scratch;
  private static Path tokenizer;
  private static SparkSession spark;
  private static int runs;

  @BeforeAll
  static void open() throws IOException {
    tokenizer = Fixtures.tokenizer("tiny", scratch).orElseThrow();
    spark =
        SparkSession.builder()
            .master("local[3]")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 4)
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
  }

  @AfterAll
  static void close() {
    spark.stop();
  }

  private static String path(String name) {
    return scratch.resolve(name).toString();
  }

  /** Questions in three files whose names say their order. */
  private static Dataset<Row> questions() {
    return spark
        .range(0, ROWS, 1, 3)
        .select(
            functions.col("id"),
            functions
                .expr("concat('How much is ', id, ' times ', id * 7 % 11, '?')")
                .as("question"),
            functions.expr("concat('It is ', id * (id * 7 % 11))").as("answer"));
  }

  private static TableQuery query(String format) {
    return new TableQuery(format, "", "", "", "");
  }

  private static TableQuery revision(String format, Object revision) {
    return new TableQuery(format, String.valueOf(revision), "", "", "");
  }

  private static TableQuery byContent(String format, Object revision) {
    return new TableQuery(format, String.valueOf(revision), "", "", "content");
  }

  private static PrepConfig config(String dataset, TableQuery query, String out) {
    PrepConfig c = PrepConfig.defaults(tokenizer.toString(), dataset, path(out));
    return new PrepConfig(
        new PrepConfig.Source(
            dataset, "", "train", ColumnMapping.defaults(), false, OnBadRows.FAIL, query),
        c.model(),
        256,
        c.truncation(),
        new PrepConfig.Packing(true, PackingStrategy.BFD, 0),
        c.loss(),
        false,
        c.outputFolder(),
        false);
  }

  private static PrepManifest prep(String dataset, TableQuery query, String out) {
    return PackSftJob.run(spark, config(dataset, query, out));
  }

  /** The packed rows that a dataset gives. */
  private static List<String> packed(String dataset, TableQuery query) {
    String out = "packed-" + runs++;
    prep(dataset, query, out);
    return rows(out);
  }

  private static List<String> rows(String out) {
    return PackedSequenceTable.open(spark.sparkContext().hadoopConfiguration(), path(out))
        .readAll()
        .stream()
        .map(TableDatasetTest::text)
        .toList();
  }

  private static String text(PackedSequence row) {
    return Arrays.toString(row.inputIds()) + Arrays.toString(row.seqLengths());
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc", "avro", "json", "csv", "delta"})
  void filesOfEveryFormatGiveTheTableOfTheEqualParquetFiles(String format) {
    questions().write().format(format).option("header", "true").save(path("as-" + format));
    List<String> expected = packed(path("plain"), TableQuery.NONE);
    assertThat(expected).hasSizeGreaterThan(50);
    assertThat(packed(path("as-" + format), query(format))).isEqualTo(expected);
  }

  @Test
  void tablesOfCataloguesDoSoToo() {
    spark.sql("CREATE DATABASE IF NOT EXISTS shop");
    spark.sql("CREATE DATABASE IF NOT EXISTS ice.shop");
    questions().write().format("hive").saveAsTable("shop.hive");
    questions().write().format("parquet").saveAsTable("shop.files");
    questions().write().format("delta").saveAsTable("shop.delta");
    questions().write().format("iceberg").saveAsTable("ice.shop.iceberg");
    List<String> expected = packed(path("plain"), TableQuery.NONE);
    for (String table :
        List.of(
            "spark_catalog.shop.hive",
            "spark_catalog.shop.files",
            "spark_catalog.shop.delta",
            "ice.shop.iceberg")) {
      assertThat(packed(table, TableQuery.NONE)).as(table).isEqualTo(expected);
    }
    assertThat(packed(path("ice/shop/iceberg"), query("iceberg"))).isEqualTo(expected);
  }
}
