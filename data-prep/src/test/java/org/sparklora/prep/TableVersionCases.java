package org.sparklora.prep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.table.TableQuery;

/** Formats, catalogues and versions, against the equal Parquet files. */
abstract class TableVersionCases extends TableFixture {

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

    TableManifest atTime = prep(table, revision("delta", between), "at-time");
    assertThat(atTime.inputs().table())
        .containsEntry("version", "3")
        .containsEntry("format", "delta")
        .containsEntry("order", "files");
    assertThat((String) atTime.inputs().table().get("id")).matches("[0-9a-f-]{36}");
    assertThat(atTime.count("rows_in")).isEqualTo(ROWS * 4 / 5 + 40);
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
    TableManifest tagged =
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
  void aTableThatWasWrittenToIsPreparedAnew() {
    String table = path("growing");
    questions().write().format("delta").save(table);
    PrepConfig config = config(table, query("delta"), "reused");
    PrepJob.run(spark, config);
    TableManifest again = PrepJob.reuseOrRun(spark, config);
    assertThat(again.inputs().table()).containsEntry("version", "0");
    spark.sql("INSERT INTO delta.`%s` VALUES (-1, 'later', 'rows')".formatted(table));
    assertThatThrownBy(() -> PrepJob.reuseOrRun(spark, config))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("made with version 0 of the dataset (now 1)");
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
}
