package org.sparklora.prep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.table.SelectedTable;
import org.sparklora.prep.table.SourceTables;
import org.sparklora.prep.table.TableQuery;

/** Filters, columns, the order of rows, and what is refused. */
abstract class TableQueryCases extends TableFixture {

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

  /** Clusters of other sizes cut files and shuffle otherwise. */
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
      spark.conf().set("spark.sql.shuffle.partitions", "2");
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
    List<String> starred = packed(path("starred"), TableQuery.NONE);
    assertThat(packed(path("raw"), star)).isEqualTo(starred);
    TableQuery.Split test = new TableQuery.Split("id < 100 -- held out", false);
    TableQuery rest =
        new TableQuery("parquet", "", "", "id, a.text AS answer, q AS question", "", test);
    assertThat(packed(path("raw"), rest)).isEqualTo(starred);
    TableManifest manifest = prep(path("raw"), query, "queried");
    assertThat(manifest.inputs().settings())
        .containsEntry("dataset_filter", "a.good AND id >= 100")
        .containsEntry("dataset_format", "parquet")
        .doesNotContainKey("dataset_revision");
    assertThat(manifest.count("rows_in")).isEqualTo(400);
  }

  @Test
  void anOriginHasTheTimeZoneAndTheDayThatItsRowsDependOn() {
    String zone = spark.conf().get("spark.sql.session.timeZone");
    for (String since :
        List.of(
            "id >= day(CURRENT_DATE())",
            "id < unix_timestamp()",
            "date_add(DATE'2026-01-01', CAST(id AS INT)) >= 'yesterday'")) {
      TableQuery query = new TableQuery("parquet", "", since, "", "");
      assertThat(SourceTables.open(spark, path("plain"), query).origin())
          .containsEntry("time_zone", zone)
          .hasEntrySatisfying(
              "date", date -> assertThat((String) date).matches("\\d{4}-\\d{2}-\\d{2}"));
    }
    SelectedTable plain = SourceTables.open(spark, path("plain"), query("parquet"));
    spark.conf().set("spark.sql.session.timeZone", zone.equals("UTC") ? "Asia/Tokyo" : "UTC");
    try { // a job that is still at work when the day ends has read the same rows
      assertThat(plain.origin()).containsEntry("time_zone", zone).doesNotContainKey("date");
    } finally {
      spark.conf().set("spark.sql.session.timeZone", zone);
    }
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
