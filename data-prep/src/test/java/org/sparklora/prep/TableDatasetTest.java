package org.sparklora.prep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.TableException;
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

  /** What the questions as plain Parquet give. */
  private static List<String> plain;

  @BeforeAll
  static void open() throws IOException {
    System.setProperty("derby.stream.error.file", path("derby.log"));
    tokenizer = Fixtures.tokenizer("tiny", scratch).orElseThrow();
    spark =
        SparkSession.builder()
            .master("local[3]")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 4)
            .config("spark.databricks.delta.snapshotPartitions", 2) // 50, each a task
            .config("spark.sql.sources.parallelPartitionDiscovery.parallelism", 4) // of VACUUM
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

  private static TableManifest<PackedCounts> prep(String dataset, TableQuery query, String out) {
    return PrepJob.run(spark, config(dataset, query, out));
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
    assertThat(packed(path("as-" + format), query(format))).isEqualTo(plain);
  }

  @Test
  void tablesOfCataloguesDoSoToo() {
    spark.sql("CREATE DATABASE IF NOT EXISTS shop");
    spark.sql("CREATE DATABASE IF NOT EXISTS ice.shop");
    questions().write().format("hive").saveAsTable("shop.hive");
    questions().write().format("parquet").saveAsTable("shop.files");
    questions().write().format("delta").saveAsTable("shop.delta");
    questions().write().format("iceberg").saveAsTable("ice.shop.iceberg");
    for (String table :
        List.of(
            "spark_catalog.shop.hive",
            "spark_catalog.shop.files",
            "spark_catalog.shop.delta",
            "ice.shop.iceberg")) {
      assertThat(packed(table, TableQuery.NONE)).as(table).isEqualTo(plain);
    }
    assertThat(packed(path("ice/shop/iceberg"), query("iceberg"))).isEqualTo(plain);
  }

  @Test
  void aVersionOfDeltaLakeIsReadAsItWasAndRecorded() throws IOException {
    String table = path("changing");
    questions().write().format("delta").save(table); // version 0
    spark.sql(
        "ALTER TABLE delta.`%s` SET TBLPROPERTIES ('delta.enableDeletionVectors' = true)"
            .formatted(table));
    spark.sql("DELETE FROM delta.`%s` WHERE id %% 5 = 0".formatted(table)); // 2
    questions().limit(40).write().format("delta").mode(SaveMode.Append).save(table); // 3
    String between =
        spark.sql("SELECT current_timestamp()").first().getTimestamp(0).toInstant().toString();
    spark.sql("DELETE FROM delta.`%s` WHERE id < 300".formatted(table)); // 4

    assertThat(packed(table, revision("delta", 0))).isEqualTo(plain);
    questions().where("id % 5 <> 0").write().parquet(path("deleted"));
    assertThat(packed(table, revision("delta", 2)))
        .as("deleted in place: the others keep their order")
        .isEqualTo(packed(path("deleted"), TableQuery.NONE));

    TableManifest<PackedCounts> atTime = prep(table, revision("delta", between), "at-time");
    assertThat(atTime.inputs().table())
        .containsEntry("version", "3")
        .containsEntry("format", "delta")
        .containsEntry("order", "files");
    assertThat((String) atTime.inputs().table().get("id")).matches("[0-9a-f-]{36}");
    assertThat(atTime.counts().rowsIn()).isEqualTo(ROWS * 4 / 5 + 40);
    assertThat(prep(table, query("delta"), "latest").inputs().table())
        .containsEntry("version", "4");
    assertThat(rows("at-time"))
        .isEqualTo(packed(table, revision("delta", 3)))
        .isNotEqualTo(rows("latest"));
  }

  @Test
  void inTheOrderOfContentEqualRowsGiveTheSameTableHoweverTheyLie() {
    Dataset<Row> kept = questions().where("id % 3 <> 0");
    kept.repartition(2)
        .sortWithinPartitions(functions.col("id").desc())
        .write()
        .parquet(path("shuffled"));
    List<String> expected = packed(path("shuffled"), byContent("parquet", ""));

    String delta = path("content-delta");
    questions().repartition(5).write().format("delta").save(delta);
    spark.sql("DELETE FROM delta.`%s` WHERE id %% 3 = 0".formatted(delta));
    spark.sql("INSERT INTO delta.`%s` VALUES (-1, 'later', 'rows')".formatted(delta));
    assertThat(packed(delta, byContent("delta", 1))).isEqualTo(expected);

    spark.sql("CREATE DATABASE IF NOT EXISTS ice.content");
    spark.sql(
        "CREATE TABLE ice.content.rows (id BIGINT, question STRING, answer STRING) USING iceberg TBLPROPERTIES ('format-version' = 2, 'write.delete.mode' = 'merge-on-read')");
    questions().repartition(4).write().mode(SaveMode.Append).insertInto("ice.content.rows");
    spark.sql("DELETE FROM ice.content.rows WHERE id % 3 = 0");
    long snapshot =
        spark
            .sql("SELECT snapshot_id FROM ice.content.rows.refs WHERE name = 'main'")
            .first()
            .getLong(0);
    spark.sql("ALTER TABLE ice.content.rows CREATE TAG trained");
    spark.sql("INSERT INTO ice.content.rows VALUES (-1, 'later', 'rows')");
    TableQuery named = new TableQuery("", Long.toString(snapshot), "", "", "content");
    assertThat(packed("ice.content.rows", named)).isEqualTo(expected);
    TableManifest<PackedCounts> tagged =
        prep("ice.content.rows", new TableQuery("", "trained", "", "", "content"), "tagged");
    assertThat(tagged.inputs().table()).containsEntry("version", Long.toString(snapshot));
    assertThat(rows("tagged")).isEqualTo(expected);

    spark.sql("CREATE DATABASE IF NOT EXISTS content");
    kept.repartition(3).write().format("hive").saveAsTable("content.hive");
    assertThat(packed("spark_catalog.content.hive", byContent("", ""))).isEqualTo(expected);
    spark.sql("CREATE VIEW content.view AS SELECT answer, id, question FROM content.hive");
    assertThat(packed("spark_catalog.content.view", TableQuery.NONE))
        .as("a view has no files")
        .isEqualTo(expected);
  }

  @Test
  void promptsOfATableAreThoseOfTheEqualFiles() {
    String table = path("problems");
    questions().write().format("delta").save(table);
    List<List<Row>> prompts = new ArrayList<>();
    for (TableQuery query : List.of(TableQuery.NONE, query("delta"))) {
      String dataset = query.format().isEmpty() ? path("plain") : table;
      PrepConfig like = config(dataset, query, "prompts-" + query.format());
      PrepJob.run(
          spark, new PromptsConfig(like.source(), like.model(), "", 0, like.outputFolder(), false));
      prompts.add(spark.read().parquet(like.outputFolder()).orderBy("prompt_id").collectAsList());
    }
    assertThat(prompts.get(0)).hasSize(ROWS).isEqualTo(prompts.get(1));
  }

  /** What a larger or smaller cluster changes. */
  @Test
  void theOrderDoesNotDependOnHowFilesAreCutAndShuffled() {
    String orc = path("cut");
    questions().repartition(2).write().format("json").save(orc);
    List<String> whole = packed(orc, query("json"));
    List<String> content = packed(orc, byContent("json", ""));
    spark.conf().set("spark.sql.files.maxPartitionBytes", "5000");
    spark.conf().set("spark.sql.files.openCostInBytes", "0");
    spark.conf().set("spark.sql.shuffle.partitions", "7");
    try {
      assertThat(spark.read().json(orc).toJavaRDD().getNumPartitions()).isGreaterThan(8);
      assertThat(packed(orc, query("json"))).isEqualTo(whole);
      assertThat(packed(orc, byContent("json", ""))).isEqualTo(content).isNotEqualTo(whole);
    } finally {
      spark.conf().unset("spark.sql.files.maxPartitionBytes");
      spark.conf().unset("spark.sql.files.openCostInBytes");
      spark.conf().set("spark.sql.shuffle.partitions", "4");
    }
  }

  @Test
  void filterAndColumnsSelectWhatIsPrepared() {
    questions()
        .selectExpr(
            "id",
            "question AS q",
            "struct(answer AS text, id % 2 = 0 AS good) AS a",
            "cast(null AS string) AS prompt")
        .write()
        .parquet(path("raw"));
    TableQuery query =
        new TableQuery(
            "parquet", "", "a.good AND id >= 100", "q AS question, a.text AS answer, id", "");
    questions().where("id % 2 = 0 AND id >= 100").write().parquet(path("selected"));
    assertThat(packed(path("raw"), query)).isEqualTo(packed(path("selected"), TableQuery.NONE));
    TableQuery star =
        new TableQuery("parquet", "", "id >= 100", "*, a.text AS answer, q AS question", "");
    questions().where("id >= 100").write().parquet(path("starred"));
    assertThat(packed(path("raw"), star)).isEqualTo(packed(path("starred"), TableQuery.NONE));
    TableManifest<PackedCounts> manifest = prep(path("raw"), query, "queried");
    assertThat(manifest.inputs().settings())
        .containsEntry("dataset_filter", "a.good AND id >= 100")
        .containsEntry("dataset_format", "parquet")
        .doesNotContainKey("dataset_revision");
    assertThat(manifest.counts().rowsIn()).isEqualTo(400);
  }

  @Test
  void aTableThatWasWrittenToIsPreparedAnew() {
    String table = path("growing");
    questions().write().format("delta").save(table);
    PrepConfig config = config(table, query("delta"), "reused");
    PrepJob.run(spark, config);
    TableManifest<PackedCounts> again = PrepJob.reuseOrRun(spark, config);
    assertThat(again.inputs().table()).containsEntry("version", "0");
    spark.sql("INSERT INTO delta.`%s` VALUES (-1, 'later', 'rows')".formatted(table));
    assertThatThrownBy(() -> PrepJob.reuseOrRun(spark, config))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("made with version 0 of the dataset (now 1)");
  }

  @Test
  void aBadRowSaysTableVersionAndRow() {
    String table = path("bad");
    questions()
        .withColumn("answer", functions.expr("IF(id = 417, NULL, answer)"))
        .write()
        .format("delta")
        .save(table);
    assertThatThrownBy(() -> prep(table, query("delta"), "bad-out"))
        .isInstanceOf(TableException.class)
        .hasMessageContaining(table + " version 0 row 417 (of file:")
        .hasMessageContaining("part-00001")
        .hasMessageContaining("column answer is missing");
  }

  @Test
  void aLineThatIsNoJsonIsNotReadAsARowOfNulls() throws IOException {
    Path file = scratch.resolve("torn.jsonl");
    Files.writeString(file, "{\"text\": \"whole\"}\n{\"text\": \"to\n");
    assertThatThrownBy(() -> prep(file.toString(), query("json"), "torn-out"))
        .isInstanceOfAny(ConfigException.class, TableException.class)
        .hasMessageContaining("torn.jsonl")
        .hasMessageContaining("Unexpected end-of-input");
    assertThat(scratch.resolve("torn-out")).doesNotExist();
  }

  @Test
  void aVersionWhoseFilesWereRemovedIsRefused() throws IOException {
    String table = path("vacuumed");
    questions().write().format("delta").save(table);
    spark.sql("DELETE FROM delta.`%s` WHERE id < 450".formatted(table));
    spark.conf().set("spark.databricks.delta.retentionDurationCheck.enabled", "false");
    spark.sql("VACUUM delta.`%s` RETAIN 0 HOURS".formatted(table));
    assertThatThrownBy(() -> prep(table, revision("delta", 0), "vacuumed-out"))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("vacuumed version 0")
        .hasMessageContaining("--dataset_revision");
    assertThat(scratch.resolve("vacuumed-out")).doesNotExist();
    assertThat(packed(table, revision("delta", 1))).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "spark_catalog.default.nothing | | | | | dataset_name | cannot be found",
        "nowhere.default.nothing | | | | | dataset_name | spark.sql.catalog.nowhere",
        "FILES | | | id > 3 | | dataset_filter | --dataset_format parquet",
        "FILES | parquet | 3 | | | dataset_revision | no versions",
        "FILES | parquet | | id >> '3 | | dataset_filter | PARSE",
        "FILES | parquet | | nothing = 3 | | dataset_filter | question",
        "FILES | parquet | | rand() < 0.5 | | dataset_filter | hash(id) % 10",
        "FILES | parquet | | id IN (SELECT 3) | | dataset_filter | other tables",
        "FILES | parquet | | id < 0 | | dataset_name | no rows with id < 0",
        "FILES | parquet | | | nothing AS question | dataset_columns | question",
        "FILES | parquet | | | question, explode(array(1, 2)) AS n | dataset_columns | one row",
        "FILES | parquet | | | count(*) AS n | dataset_columns | one row",
        "FILES | parquet | | | row_number() OVER (ORDER BY id) AS n | dataset_columns | one row",
        "FILES | parquet | | | question FROM spark_catalog.shop.files | dataset_columns | one row",
        "FILES | parquet | | | question AS a, answer AS A | dataset_columns | two columns",
        "FILES | parquet | | | uuid() AS question, answer | dataset_columns | other rows each time",
        "FILES | delta | | | | dataset_name | _delta_log",
        "FILES | iceberg | | | | dataset_name | Iceberg",
        "DELTA | delta | 7 | | | dataset_revision | 7",
        "DELTA | delta | 2001-01-01 | | | dataset_revision | begins later",
        "DELTA | delta | main | | | dataset_revision | no branches"
      })
  void whatCannotBeReadIsRefusedBeforeAnyWork(
      String dataset,
      String format,
      String revision,
      String filter,
      String columns,
      String flag,
      String says) {
    if (!Files.exists(Path.of(path("one-delta")))) {
      questions().limit(10).write().format("delta").save(path("one-delta"));
    }
    String name =
        dataset.equals("FILES")
            ? path("plain")
            : dataset.equals("DELTA") ? path("one-delta") : dataset;
    TableQuery query =
        new TableQuery(text(format), text(revision), text(filter), text(columns), "");
    assertThatThrownBy(() -> prep(name, query, "refused"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(flag)
        .hasMessageContaining(says)
        .satisfies(problem -> assertThat(problem.getMessage().lines()).hasSize(1));
    assertThat(scratch.resolve("refused")).doesNotExist();
  }

  private static String text(String cell) {
    return cell == null ? "" : cell;
  }
}
