package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.train.TestModels;

/** Real runs of {@code spark-lora curate}. */
class CurateCommandTest {
  private static final int MISUSED = 2;
  private static final String QUESTION =
      "A baker bakes 12 loaves in the morning and 15 in the evening. How many are that?";

  @TempDir Path folder;

  @RegisterExtension final Captured err = Captured.err();

  @BeforeEach
  void writeDatasets() throws IOException {
    Files.write(
        folder.resolve("data.jsonl"),
        List.of(
            row("What is 2 + 2?", "4"),
            row("what is  2 + 2?", "4"),
            row(QUESTION, "27"),
            row(QUESTION.replace("12", "13").replace("15", "16"), "29")));
    Files.writeString(folder.resolve("eval.jsonl"), row(QUESTION, "27"));
  }

  private static String row(String question, String answer) {
    return "{\"question\": \"%s\", \"answer\": \"%s\"}".formatted(question, answer);
  }

  private int curate(String... more) {
    String curate = "curate --dataset_name %s/data.jsonl --output_dir %s/out --master local[2]";
    return CommandRun.of(CommandRun.words(curate, folder, folder), more);
  }

  /** The counts in the manifest of the result. */
  private JsonNode manifest() throws IOException {
    return new ObjectMapper().readTree(folder.resolve("out/manifest.json").toFile());
  }

  private void assertAnswers(String data, String expected) {
    try (SparkSession spark = TestSpark.open(1)) {
      assertThat(
              spark.read().parquet(folder.resolve(data).toString()).collectAsList().stream()
                  .map(kept -> kept.<String>getAs("answer")))
          .containsExactly(expected);
    }
  }

  @Test
  void writesADatasetThatCommandsRead() throws IOException {
    int code =
        curate("--exact_duplicates", "--decontaminate", folder.resolve("eval.jsonl").toString());

    assertThat(code).as(err.text()).isZero();
    JsonNode counts = manifest().get("counts");
    assertThat(counts.get("kept").asLong()).isEqualTo(2);
    assertThat(counts.get("removed").toString())
        .isEqualTo(
            "{\"read\":0,\"filter\":0,\"exact_duplicates\":1,\"near_duplicates\":0,\"decontaminate\":1}");
    // the folder itself is a dataset: data/train-*.parquet are its rows
    List<String> again =
        CommandRun.words(
            "curate --dataset_name %s/out --output_dir %s/again --master local[2]", folder, folder);
    assertThat(CommandRun.of(again, "--filter", "answer > 10")).as(err.text()).isZero();
    assertAnswers("again/data", "29");
  }

  /** Rows of one dataset that another has, in the file of {@code sft}, and what it makes of it. */
  @Test
  void curatesAMixtureIntoAMixture() throws IOException {
    Path model = TestModels.copy("llama-tiny", folder);
    Files.write(
        folder.resolve("talks.jsonl"),
        List.of(
            talk("en", "What is 2 + 2?", "4"),
            talk("de", "Wie viel ist das, und was ist es?", "Es ist die Vier."),
            talk("en", "What is the sum of all of them?", "It is all of the numbers together")));
    Path mixture =
        Files.writeString(
            folder.resolve("mixture.yaml"),
            """
            datasets:
              - path: FOLDER/data.jsonl
                columns: [question, answer]
                weight: 2.0
              - path: FOLDER/talks.jsonl
                name:
                filter: kind = 'en'
                max_rows: 9
            test_split_size: 0.5
            """
                .replace("FOLDER", folder.toString()));
    String curate = "curate --datasets %s --output_dir %s/out --exact_duplicates --master local[2]";
    assertThat(CommandRun.line(curate, mixture, folder)).as(err.text()).isZero();
    JsonNode manifest = manifest();
    String data = folder + "/data.jsonl";
    String talks = folder + "/talks.jsonl";
    assertThat(manifest.at("/sources").toString())
        .isEqualTo(
            "{\"%s\":{\"rows\":4,\"kept\":3},\"%s\":{\"rows\":3,\"kept\":1}}"
                .formatted(data, talks));
    assertThat(manifest.at("/inputs/sources")).hasSize(2);
    assertThat(manifest.at("/files/1/name").asText()).startsWith("1-talks.jsonl/train-");
    try (SparkSession spark = TestSpark.open(1)) {
      assertThat(
              spark
                  .read()
                  .option("recursiveFileLookup", true)
                  .option("mergeSchema", true)
                  .parquet(folder.resolve("out/removed").toString())
                  .orderBy("step", "row")
                  .collectAsList()
                  .stream()
                  .map(
                      row ->
                          "%s %s %s:%s"
                              .formatted(
                                  row.<String>getAs("step"),
                                  row.<Long>getAs("row"),
                                  row.<String>getAs("collides_with_dataset"),
                                  row.<Long>getAs("collides_with_row"))))
          .containsExactly(
              "exact_duplicates 0 %s:0".formatted(data),
              "exact_duplicates 1 %s:0".formatted(data),
              "filter 1 null:null");
    }
    JsonNode datasets = new ObjectMapper().readTree(folder.resolve("out/datasets.yaml").toFile());
    assertThat(datasets.toString())
        .isEqualTo(
            """
            {"datasets":[{"path":"%s/out/data/0-data.jsonl","weight":2.0},\
            {"path":"%s/out/data/1-talks.jsonl","max_rows":9}],"test_split_size":0.5}"""
                .formatted(folder, folder));
    String prep =
        "prep --datasets %s/out/datasets.yaml --model_name_or_path %s --output_dir %s/packed --master local[2]";
    assertThat(CommandRun.line(prep, folder, model, folder)).as(err.text()).isZero();
    JsonNode counts =
        new ObjectMapper()
            .readTree(folder.resolve("packed/_prep_manifest.json").toFile())
            .at("/counts/sources");
    assertThat(counts.size()).isEqualTo(2);
    for (JsonNode source : counts) { // of three rows two copies, of the other dataset one
      assertThat(source.get("documents").asInt() + source.get("held_out").asInt()).isIn(6, 1);
    }
  }

  private static String talk(String kind, String question, String answer) {
    return """
        {"kind": "%s", "messages": [{"role": "user", "content": "%s"}, {"role": "assistant", "content": "%s"}]}"""
        .formatted(kind, question, answer);
  }

  @Test
  void filtersByLanguageAndByTokensOfAModel() throws IOException {
    Path model = TestModels.copy("llama-tiny", folder);
    Files.write(
        folder.resolve("data.jsonl"),
        List.of(
            row("Was ist das, und wie viel ist es?", "Es ist nicht viel."),
            row("What is it, and how much of it is there?", "There is not much of it."),
            row("What is it?", "It is what it is. ".repeat(30).strip())));
    String filter = "language(question) = 'en' AND tokens(answer) < 50";
    int code = curate("--filter", filter, "--model_name_or_path", model.toString());
    assertThat(code).as(err.text()).isZero();
    assertAnswers("out/data", "There is not much of it.");
  }

  @Test
  void bestNeedsAScoreAndTokensNeedAModel() {
    assertThat(curate("--exact_duplicates", "--keep", "best")).isEqualTo(MISUSED);
    assertThat(err.text()).contains("keep = best").contains("--score_column");
    assertThat(curate("--filter", "tokens(answer) < 5")).isEqualTo(MISUSED);
    assertThat(err.text()).contains("tokens");
  }

  /** The columns are those of the datasets' cards; the rows stand in for theirs. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      textBlock =
          """
          openr1-math-220k  ; {"problem": "1+1?", "solution": "2", "generations": ["2"], "correctness_math_verify": [%s]} ; true ; false
          openthoughts-114k ; {"conversations": [{"from": "user", "value": "1+1?"}, {"from": "assistant", "value": "hm %s 2"}]} ; <|end_of_thought|> ; -
          """)
  void recipesKeepOneOfTwoRows(String recipe, String row, String kept, String removed)
      throws IOException {
    Path data =
        Files.write(
            folder.resolve("rows.jsonl"), List.of(row.formatted(kept), row.formatted(removed)));
    int code =
        CommandRun.line(
            """
            curate --config ../conf/data/%s.yaml --dataset_name %s --decontaminate %s/eval.jsonl
            --output_dir %s/out --master local[2]
            """,
            recipe, data, folder, folder);
    assertThat(code).as(err.text()).isZero();
    JsonNode counts = manifest().get("counts");
    assertThat(counts.get("kept").asLong()).isEqualTo(1);
    assertThat(counts.at("/removed/filter").asLong()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --keep first                | give at least one of --filter, --exact_duplicates
          --near_duplicates 1.5       | it must be above 0 and at most 1
          --keep shortest             | longest or best
          --exact_duplicate           | did you mean exact_duplicates
          """)
  void badSettingsAreRefusedBeforeAnyWork(String flags, String remedy) {
    assertThat(curate(flags.split(" "))).isEqualTo(MISUSED);
    assertThat(err.text()).contains(remedy);
    assertThat(folder.resolve("out")).doesNotExist();
  }
}
