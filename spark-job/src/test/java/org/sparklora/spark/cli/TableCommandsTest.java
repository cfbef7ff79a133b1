package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands that read tables of a catalogue, and write them. */
class TableCommandsTest extends TinyModelCommands {
  private static final int MISUSED = 2;
  private static final String DATASET = "src/test/resources/sft/ragged_2epochs/dataset.jsonl";

  /** A session that the next command takes, and closes. */
  private SparkSession session() {
    return TestSpark.builder(2)
        .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
        .config("spark.sql.shuffle.partitions", "3")
        // compiling takes longer than so few rows
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .getOrCreate();
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  /** Runs {@code prep} of {@link #DATASET} into a folder. */
  private int prep(String output, String more) {
    String prep = "prep --model_name_or_path %s --dataset_name %s --output_dir %s ";
    return CommandRun.line(prep + more, model, DATASET, path(output));
  }

  /** The rows of a result's Parquet, which a table has as well, in no order. */
  private List<String> rows(String result, String table) {
    try (SparkSession spark = session()) {
      List<String> rows = rows(spark, path(result));
      assertThat(rows(spark, path("warehouse/" + table))).isEqualTo(rows);
      return rows;
    }
  }

  private static List<String> rows(SparkSession spark, String folder) {
    return spark.read().parquet(folder).collectAsList().stream()
        .map(Row::toString)
        .sorted()
        .toList();
  }

  @Test
  void sftOnATableTrainsTheAdapterThatItTrainsOnFiles() throws IOException {
    List<byte[]> adapters = new ArrayList<>();
    try (SparkSession spark = session()) {
      spark.read().json(DATASET).coalesce(1).write().saveAsTable("spark_catalog.default.chats");
      for (String dataset : List.of(DATASET, "spark_catalog.default.chats")) {
        Path out = folder.resolve("run-" + adapters.size());
        SftRun.tiny(model, out, "--use_peft", "--max_steps", "2")
            .with("--dataset_name", dataset, "--packed_dir", out + ".packed")
            .run(spark);
        adapters.add(Files.readAllBytes(out.resolve("adapter_model.safetensors")));
      }
    }
    assertThat(adapters.get(1)).isEqualTo(adapters.get(0));
    assertThat(Files.readString(folder.resolve("run-1.packed/_prep_manifest.json")))
        .contains("\"name\" : \"spark_catalog.default.chats\"")
        .contains("\"format\" : \"parquet\"");
  }

  /**
   * Of {@code n} rows, those of which a predicate holds are evaluated on, and the others packed.
   */
  @Test
  void aTableIsSplitByAPredicateOrHasAnotherTableToEvaluateOn() throws IOException {
    try (SparkSession spark = session()) {
      spark
          .range(12)
          .selectExpr("id", "concat('row ', id) text", "if(id = 11, null, id % 4) part")
          .coalesce(1)
          .write()
          .saveAsTable("spark_catalog.default.rows");
      spark
          .table("spark_catalog.default.rows")
          .where("id < 2")
          .write()
          .saveAsTable("spark_catalog.default.held");
      for (String split : List.of("part = 3", "spark_catalog.default.held")) {
        Path out = folder.resolve("run-" + split.length());
        SftRun.tiny(model, out, "--use_peft", "--max_steps", "1", "--eval_strategy", "epoch")
            .with("--dataset_name", "spark_catalog.default.rows")
            .with("--dataset_filter", "id > 0")
            .with("--dataset_test_split", split)
            .with("--packed_dir", out + ".packed")
            .run(spark);
      }
    }
    // of ids 1 to 11: 3 and 7; the part of 11 is null
    assertThat(documents("run-8.packed-test")).isEqualTo(2);
    assertThat(documents("run-8.packed")).isEqualTo(9);
    assertThat(documents("run-26.packed-test")).as("0 is filtered out").isEqualTo(1);
    assertThat(documents("run-26.packed")).isEqualTo(11);
  }

  private long documents(String table) throws IOException {
    String manifest = Files.readString(folder.resolve(table + "/_prep_manifest.json"));
    return Long.parseLong(manifest.replaceAll("(?s).*\"documents\" : (\\d+).*", "$1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"test", "part +", "rand() < 0.5"})
  void aSplitThatATableDoesNotHaveIsRefused(String split) {
    SparkSession spark = session();
    spark.sql("CREATE TABLE rows USING parquet AS SELECT 1 part, 'a' text");
    List<String> sft =
        CommandRun.words(
            """
            sft --use_peft --model_name_or_path %s --dataset_name spark_catalog.default.rows
            --eval_strategy epoch --output_dir %s
            """,
            model, path("out"));
    String[] more = {"--dataset_test_split", split};
    int code = split.equals("test") ? CommandRun.of(sft) : CommandRun.of(sft, more);
    spark.close(); // a command that is refused before its session opens leaves this one as it is
    assertThat(err.text()).contains("dataset_test_split = " + split);
    assertThat(code).isEqualTo(MISUSED);
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void prepMakesATableAsWellAndReplacesItWhenToldTo() {
    String flags = "--dataset_format json --max_length 64 --packing --output_table ";
    session();
    assertThat(prep("packed", flags + "spark_catalog.default.packed")).as(err.text()).isZero();
    assertThat(rows("packed", "packed")).isNotEmpty();

    session().sql("CREATE TABLE taken USING parquet AS SELECT 1 AS one");
    assertThat(prep("other", flags + "spark_catalog.default.taken")).isEqualTo(MISUSED);
    assertThat(err.text())
        .contains("output_table = spark_catalog.default.taken")
        .contains("--overwrite_output_table");
    assertThat(folder.resolve("other")).doesNotExist();

    session().sql("CREATE TABLE replaced USING parquet AS SELECT 1 AS one");
    String replacing = flags + "spark_catalog.default.replaced --overwrite_output_table";
    assertThat(prep("packed", replacing)).as(err.text()).isZero();
    assertThat(rows("packed", "replaced")).isNotEmpty();
  }

  @Test
  void completionsRewardsAndVerdictsAreTablesToo() throws IOException {
    Path problems =
        Files.writeString(
            folder.resolve("problems.jsonl"),
            """
            {"question": "1+1?", "answer": "#### 2", "level": 1}
            {"question": "2+2?", "answer": "#### 4", "level": 2}
            {"question": "3+3?", "answer": "#### 6", "level": 3}
            """);
    Path prompts =
        Files.writeString(
            folder.resolve("prompts.jsonl"),
            """
            {"prompt": "two and two", "solution": "4"}
            {"prompt": "one", "solution": "1"}
            """);
    makeATableToo(
        "generate --model_name_or_path %s --input %s --max_completion_length 4 --output %s",
        model, prompts, path("generated"));
    makeATableToo(
        """
        eval --task math --model_name_or_path %s --dataset_name %s --dataset_format json
        --dataset_filter level>1 --max_completion_length 4 --output_dir %s
        """,
        model, problems, path("evaluated"));
    makeATableToo(
        "reward --num_generations 1 --reward_funcs accuracy_reward --input %s --output_dir %s",
        path("generated"), path("judged"));

    try (SparkSession spark = session()) {
      for (String name : List.of("generated", "evaluated", "judged")) {
        List<String> rows = rows(spark, path(name));
        assertThat(rows).hasSize(2);
        assertThat(rows(spark, path("warehouse/" + name))).isEqualTo(rows);
      }
    }
  }

  /** Runs a command whose last word is the folder of its result. */
  private void makeATableToo(String command, Object... values) {
    String name = Path.of(values[values.length - 1].toString()).getFileName().toString();
    session();
    int code =
        CommandRun.of(
            CommandRun.words(command, values), "--output_table", "spark_catalog.default." + name);
    assertThat(code).as(err.text()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--output_table rows | catalog.database.table",
        "--output_table spark_catalog.nowhere.rows | CREATE DATABASE",
        "--output_table nowhere.default.rows | nowhere",
        "--dataset_format delta | io.delta:delta-spark_2.12",
        "--dataset_format iceberg | org.apache.iceberg:iceberg-spark-runtime-3.5_2.12",
        "--dataset_format avro | org.apache.spark:spark-avro_2.12",
        "--dataset_format json --dataset_train_split extra | no splits",
        "--dataset_order files | --dataset_format parquet",
        "--overwrite_output_table | no table to replace"
      })
  void whatCannotBeUsedIsRefusedInOneLine(String flags, String says) {
    if (flags.contains("nowhere") || flags.startsWith("--dataset")) {
      session();
    }
    int code = prep("refused", flags);
    assertThat(err.text()).contains(says);
    assertThat(code).isEqualTo(MISUSED);
  }

  @Test
  void aPreparedTableTakesNoQuery() {
    assertThat(prep("packed", "")).as(err.text()).isZero();
    String sft = "sft --model_name_or_path %s --dataset_name %s --use_peft --output_dir %s";
    List<String> words = CommandRun.words(sft, model, path("packed"), path("out"));
    assertThat(CommandRun.of(words, "--dataset_filter", "id > 3")).isEqualTo(MISUSED);
    assertThat(err.text()).contains("dataset_filter = id > 3").contains("prep made the table");
    assertThat(folder.resolve("out")).doesNotExist();
  }
}
