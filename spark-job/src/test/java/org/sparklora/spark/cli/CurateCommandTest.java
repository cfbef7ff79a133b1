package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--dataset_name",
                folder.resolve("data.jsonl").toString(),
                "--output_dir",
                folder.resolve("out").toString()));
    arguments.addAll(List.of(more));
    return CommandRun.ofLocal("curate", arguments);
  }

  @Test
  void writesADatasetThatCommandsRead() throws IOException {
    int code =
        curate("--exact_duplicates", "--decontaminate", folder.resolve("eval.jsonl").toString());

    assertThat(code).as(err.text()).isZero();
    JsonNode counts =
        new ObjectMapper().readTree(folder.resolve("out/manifest.json").toFile()).get("counts");
    assertThat(counts.get("kept").asLong()).isEqualTo(2);
    assertThat(counts.get("removed").toString())
        .isEqualTo(
            "{\"read\":0,\"filter\":0,\"exact_duplicates\":1,\"near_duplicates\":0,\"decontaminate\":1}");
    // the folder itself is a dataset: data/train-*.parquet are its rows
    assertThat(
            CommandRun.ofLocal(
                "curate",
                List.of(
                    "--dataset_name",
                    folder.resolve("out").toString(),
                    "--output_dir",
                    folder.resolve("again").toString(),
                    "--filter",
                    "answer > 10")))
        .as(err.text())
        .isZero();
    try (SparkSession spark = TestSpark.open(1)) {
      assertThat(
              spark.read().parquet(folder.resolve("again/data").toString()).collectAsList().stream()
                  .map(kept -> kept.<String>getAs("answer")))
          .containsExactly("29");
    }
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
        CommandRun.ofLocal(
            "curate",
            List.of(
                "--config",
                Path.of("../conf/data", recipe + ".yaml").toString(),
                "--dataset_name",
                data.toString(),
                "--decontaminate",
                folder.resolve("eval.jsonl").toString(),
                "--output_dir",
                folder.resolve("out").toString()));
    assertThat(code).as(err.text()).isZero();
    JsonNode counts =
        new ObjectMapper().readTree(folder.resolve("out/manifest.json").toFile()).get("counts");
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
          --keep best                 | use first or longest
          --exact_duplicate           | did you mean exact_duplicates
          """)
  void badSettingsAreRefusedBeforeAnyWork(String flags, String remedy) {
    assertThat(curate(flags.split(" "))).isEqualTo(MISUSED);
    assertThat(err.text()).contains(remedy);
    assertThat(folder.resolve("out")).doesNotExist();
  }
}
