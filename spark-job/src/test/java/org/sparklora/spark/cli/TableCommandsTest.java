package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.train.TestModels;

/** Commands that read tables of a catalogue, and write them. */
class TableCommandsTest {
  private static final int MISUSED = 2;
  private static final String DATASET = "src/test/resources/sft/ragged_2epochs/dataset.jsonl";

  @TempDir private Path folder;
  private Path model;
  @RegisterExtension final Captured err = Captured.err();

  @BeforeEach
  void prepare() throws IOException {
    model = TestModels.copy("llama-tiny", folder);
  }

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

  private int run(String... arguments) {
    return Main.run(arguments);
  }

  private static String[] with(List<String> flags, String... more) {
    return Stream.concat(flags.stream(), Stream.of(more)).toArray(String[]::new);
  }

  /** {@code prep} of a dataset into a folder. */
  private String[] prep(String dataset, String output, String... more) {
    return with(
        List.of(
            "prep",
            "--model_name_or_path",
            model.toString(),
            "--dataset_name",
            dataset,
            "--output_dir",
            path(output)),
        more);
  }

  /** The rows of a result's Parquet, in no order. */
  private List<String> rows(String of) {
    try (SparkSession spark = session()) {
      return spark.read().parquet(path(of)).collectAsList().stream()
          .map(Row::toString)
          .sorted()
          .toList();
    }
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
        List.of(
            ("sft --use_peft --model_name_or_path %s --dataset_name spark_catalog.default.rows --eval_strategy epoch --output_dir %s")
                .formatted(model, path("out"))
                .split(" "));
    int code = run(split.equals("test") ? with(sft) : with(sft, "--dataset_test_split", split));
    spark.close(); // a command that is refused before its session opens leaves this one as it is
    assertThat(err.text()).contains("dataset_test_split = " + split);
    assertThat(code).isEqualTo(MISUSED);
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void prepMakesATableAsWellAndReplacesItWhenToldTo() {
    String[] prep = {
      "--dataset_format", "json", "--max_length", "64", "--packing", "--output_table"
    };
    session();
    String[] first = prep(DATASET, "packed", with(List.of(prep), "spark_catalog.default.packed"));
    assertThat(run(first)).as(err.text()).isZero();
    assertThat(rows("warehouse/packed")).isNotEmpty().isEqualTo(rows("packed"));

    session().sql("CREATE TABLE taken USING parquet AS SELECT 1 AS one");
    String[] taken = prep(DATASET, "other", with(List.of(prep), "spark_catalog.default.taken"));
    assertThat(run(taken)).isEqualTo(MISUSED);
    assertThat(err.text())
        .contains("output_table = spark_catalog.default.taken")
        .contains("--overwrite_output_table");
    assertThat(folder.resolve("other")).doesNotExist();

    session().sql("CREATE TABLE replaced USING parquet AS SELECT 1 AS one");
    String[] replacing =
        prep(
            DATASET,
            "packed",
            with(List.of(prep), "spark_catalog.default.replaced", "--overwrite_output_table"));
    assertThat(run(replacing)).as(err.text()).isZero();
    assertThat(rows("warehouse/replaced")).isEqualTo(rows("packed"));
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
    Map<String, List<String>> commands =
        Map.of(
            "generated",
            List.of(
                ("generate --model_name_or_path %s --input %s --output %s --max_completion_length 4")
                    .formatted(model, prompts, path("generated"))
                    .split(" ")),
            "evaluated",
            List.of(
                ("eval --task math --model_name_or_path %s --dataset_name %s --dataset_format json --dataset_filter level>1 --output_dir %s --max_completion_length 4")
                    .formatted(model, problems, path("evaluated"))
                    .split(" ")));
    commands.forEach(
        (name, command) -> {
          session();
          assertThat(run(with(command, "--output_table", "spark_catalog.default." + name)))
              .as(err.text())
              .isZero();
          assertThat(rows("warehouse/" + name)).hasSize(2).isEqualTo(rows(name));
        });
    session();
    String[] reward =
        "reward --input %s --output_dir %s --output_table spark_catalog.default.judged --num_generations 1 --reward_funcs accuracy_reward"
            .formatted(path("generated"), path("judged"))
            .split(" ");
    assertThat(run(reward)).as(err.text()).isZero();
    assertThat(rows("warehouse/judged")).hasSize(2).isEqualTo(rows("judged"));
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
    int code = run(prep(DATASET, "refused", flags.split(" ")));
    assertThat(err.text()).contains(says);
    assertThat(code).isEqualTo(MISUSED);
  }

  @Test
  void aPreparedTableTakesNoQuery() {
    assertThat(run(prep(DATASET, "packed"))).as(err.text()).isZero();
    int code =
        run(
            "sft",
            "--model_name_or_path",
            model.toString(),
            "--dataset_name",
            path("packed"),
            "--dataset_filter",
            "id > 3",
            "--use_peft",
            "--output_dir",
            path("out"));
    assertThat(code).isEqualTo(MISUSED);
    assertThat(err.text()).contains("dataset_filter = id > 3").contains("prep made the table");
    assertThat(folder.resolve("out")).doesNotExist();
  }
}
