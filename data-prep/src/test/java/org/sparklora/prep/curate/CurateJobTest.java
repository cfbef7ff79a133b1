package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.PrepConfig.OnBadRows;

class CurateJobTest extends CurateFixture {
  private static final String QUESTION =
      "How many of the 17 apples are left if 4 of them are eaten?";

  @Test
  void stepsRunInTheirOrderAndKeepWhatTheyRemove() throws IOException {
    String story =
        IntStream.range(0, 40).mapToObj(i -> "word" + i).reduce("once", (a, b) -> a + " " + b);
    Path data =
        texts(
            "data.jsonl",
            List.of(
                "to filter",
                "The same TEXT, again",
                story + " and an end",
                " the same\ttext, again ",
                story + " and another end",
                "Solved: " + QUESTION + " 13",
                "How many of the 18 apples are left if 5 of them are eaten?",
                "to filter"));
    Path eval =
        rows(
            "eval.jsonl",
            List.of(
                Map.of("question", "Short?", "answer", "1"),
                Map.of("question", QUESTION, "answer", "13")));

    CurateManifest manifest =
        CurateJob.run(
            spark(),
            config(
                data,
                "out",
                new CurateConfig.Steps(
                    "text <> 'to filter'",
                    true,
                    0.8,
                    CurateConfig.Keep.FIRST,
                    List.of(eval.toString()),
                    "test")));

    assertThat(texts("out/data"))
        .containsExactly(
            "The same TEXT, again",
            story + " and an end",
            "How many of the 18 apples are left if 5 of them are eaten?");
    assertThat(removed("out"))
        .containsExactly(
            "0 filter text <> 'to filter' :",
            "3 exact_duplicates same text :1",
            "4 near_duplicates similarity of at least 0.8 :2",
            "5 decontaminate 13-gram %s:1".formatted(eval),
            "7 filter text <> 'to filter' :");
    assertThat(read("out/removed", row -> row.getGroup("content", 0).getString("text", 0)))
        .startsWith("to filter", " the same\ttext, again ");
    assertThat(manifest.summary())
        .isEqualTo(
            "3 of 8 rows kept; removed: filter 2, exact_duplicates 1, near_duplicates 1, decontaminate 1");
    assertThat(manifest.counts().questions()).isEqualTo(Map.of("compared", 1L, "too_short", 1L));
    assertThat(
            JSON.readTree(scratch.resolve("out/manifest.json").toFile())
                .at("/counts/kept")
                .asLong())
        .isEqualTo(3);
    try (Stream<Path> files = Files.list(scratch.resolve("out"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("data", "removed", "manifest.json");
    }
    try (Stream<Path> files = Files.list(scratch)) {
      assertThat(files.filter(file -> file.getFileName().toString().startsWith("."))).isEmpty();
    }
  }

  @Test
  void theSameBytesWhateverTheCoresAndTheSerializer() throws IOException {
    // 3 MB: several splits
    List<Map<String, Object>> rows =
        RandomTexts.withDuplicates(9000, 90, 3).stream()
            .map(text -> Map.<String, Object>of("text", text, "tags", List.of(Map.of("n", 1))))
            .toList();
    Path data = rows("data.jsonl", rows);
    assertThat(Files.size(data)).isGreaterThan(3 << 20);
    CurateConfig.Steps steps =
        new CurateConfig.Steps(
            "length(text) > 10", true, 0.7, CurateConfig.Keep.LONGEST, List.of(), "test");
    CurateManifest manifest = CurateJob.run(spark(1, JAVA), config(data, "one", steps));
    CurateJob.run(spark(4, KRYO), config(data, "four", steps));

    assertThat(manifest.files()).hasSizeGreaterThan(2);
    assertThat(manifest.counts().removed().get("near_duplicates")).isGreaterThan(100);
    assertThat(bytes("four")).isNotEmpty().isEqualTo(bytes("one"));
  }

  @Test
  void theBestIsTheFirstWithTheLargestScore() throws IOException {
    String story =
        IntStream.range(0, 40).mapToObj(i -> "word" + i).collect(Collectors.joining(" "));
    List<Map<String, Object>> rows =
        List.of(
            Map.of("text", "twice", "score", 1),
            Map.of("text", story, "score", 0.5),
            Map.of("text", "Twice", "score", 2.5),
            Map.of("text", story + " end"),
            Map.of("text", story + " fin", "score", "0.75"),
            Map.of("text", story + " final", "score", 0.75));
    CurateConfig.Steps steps =
        new CurateConfig.Steps("", true, 0.8, CurateConfig.Keep.BEST, List.of(), "test");
    CurateJob.run(spark(), best(rows("data.jsonl", rows), "out", steps));

    assertThat(texts("out/data")).containsExactly("Twice", story + " fin");
    assertThat(removed("out"))
        .containsExactly(
            "0 exact_duplicates same text :2",
            "1 near_duplicates similarity of at least 0.8 :4",
            "3 near_duplicates similarity of at least 0.8 :4",
            "5 near_duplicates similarity of at least 0.8 :4");
    Path texts = texts("texts.jsonl", List.of("a text"));
    assertThatThrownBy(() -> CurateJob.run(spark(), best(texts, "none", steps)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("score_column = score")
        .hasMessageContaining("the dataset has no such column but text");
    Path words = rows("words.jsonl", List.of(Map.of("text", "a text", "score", "good")));
    assertThatThrownBy(() -> CurateJob.run(spark(), best(words, "none", steps)))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("words.jsonl")
        .hasMessageContaining("no number but good");
  }

  private CurateConfig best(Path data, String out, CurateConfig.Steps steps) {
    PrepConfig.Source source = PrepConfig.Source.of(data.toString());
    String output = scratch.resolve(out).toString();
    return new CurateConfig(source, steps, "score", Optional.empty(), output, false);
  }

  @Test
  void oneTextFiftyThousandTimes() throws IOException {
    String often =
        "this text occurs again and again in a dataset of the web, with all of its words";
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 50_000; i++) {
      texts.add(
          i % 100 == 7
              ? "another text, with the number " + i + " in it " + (3 * i) + " " + i * i
              : often);
    }
    for (CurateConfig.Steps steps : List.of(exact(), near(0.8, CurateConfig.Keep.LONGEST))) {
      String out = steps.exactDuplicates() ? "exact" : "near";
      CurateManifest manifest =
          CurateJob.run(spark(), config(texts("often.jsonl", texts), out, steps));
      assertThat(manifest.counts().kept()).isEqualTo(501);
      assertThat(read(out + "/removed", row -> row.getLong("collides_with_row", 0)))
          .hasSize(49_499)
          .containsOnly(0L);
    }
  }

  @Test
  void columnsOfParquetStayAsTheyAre() throws IOException {
    Dataset<Row> rows =
        spark()
            .sql(
                """
                SELECT id, concat('text ', id % 3, ' of a row') AS text, DATE'2024-02-29' AS day,
                  TIMESTAMP'2024-02-29 12:30:00' AS time, CAST(1.25 AS DECIMAL(20, 2)) AS price, X'00FF80' AS bytes,
                  IF(id = 1, NULL, ARRAY(1, NULL, 3)) AS list, MAP('a', id) AS map,
                  ARRAY(STRUCT(id AS n, 'user' AS role)) AS structs, CAST(0.1 AS FLOAT) AS `a b (c)`, IF(id = 1, NULL, 'x') AS name
                FROM range(5)""");
    rows.coalesce(1).write().parquet(scratch.resolve("rows").toString());

    CurateJob.run(spark(), config(scratch.resolve("rows"), "out", exact()));

    Dataset<Row> kept = spark().read().parquet(scratch.resolve("out/data").toString());
    assertThat(kept.schema())
        .isEqualTo(spark().read().parquet(scratch.resolve("rows").toString()).schema());
    List<String> columns =
        List.of(
            "id",
            "day",
            "time",
            "price",
            "hex(bytes)",
            "list",
            "map",
            "structs",
            "`a b (c)`",
            "name");
    String[] all = columns.toArray(String[]::new);
    assertThat(kept.selectExpr(all).collectAsList())
        .isEqualTo(rows.where("id < 3").selectExpr(all).collectAsList());
    Dataset<Row> removed = spark().read().parquet(scratch.resolve("out/removed").toString());
    assertThat(removed.select("content.*").selectExpr(all).collectAsList())
        .isEqualTo(rows.where("id >= 3").selectExpr(all).collectAsList());
  }

  @Test
  void parquetBesideJsonHasTheColumnsOfBoth() throws IOException {
    Path both = Files.createDirectories(scratch.resolve("both"));
    Files.writeString(
        both.resolve("a.jsonl"),
        "{\"n\": 1, \"messages\": [{\"role\": \"user\", \"content\": \"one\"}]}\n");
    spark()
        .sql("SELECT 2 AS n, ARRAY(STRUCT('two' AS content, 'user' AS role)) AS messages")
        .write()
        .parquet(both.resolve("b").toString());

    CurateJob.run(spark(), config(both, "out", exact()));

    assertThat(
            spark()
                .read()
                .parquet(scratch.resolve("out/data").toString())
                .selectExpr("n", "messages[0].role", "messages[0].content")
                .collectAsList())
        .extracting(Row::toString)
        .containsExactlyInAnyOrder("[1,user,one]", "[2,user,two]");
  }

  @Test
  void jsonHasTheTypesOfAllItsRows() throws IOException {
    Map<String, Object> first = new HashMap<>();
    first.put("messages", List.of(Map.of("role", "user", "content", "Hello")));
    first.put("score", 1);
    first.put("tags", null);
    Map<String, Object> second = new HashMap<>();
    second.put(
        "messages",
        List.of(
            Map.of("role", "user", "content", "Hello"),
            Map.of("role", "assistant", "content", "Hi", "thinking", "…")));
    second.put("score", 0.5);
    second.put("tags", List.of("a", "b"));
    Path data = rows("data.jsonl", List.of(first, second, first));

    CurateJob.run(spark(), config(data, "out", exact()));

    Dataset<Row> kept = spark().read().parquet(scratch.resolve("out/data").toString());
    assertThat(kept.toJSON().collectAsList())
        .hasSize(2)
        .anySatisfy(
            row ->
                assertThat(JSON.readTree(row))
                    .isEqualTo(
                        JSON.readTree(
                            "{\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}],\"score\":1.0}")))
        .anySatisfy(
            row ->
                assertThat(JSON.readTree(row).at("/messages/1/thinking").asText()).isEqualTo("…"));
    assertThat(removed("out")).containsExactly("2 exact_duplicates same text :0");
  }

  @Test
  void badRowsAreCountedByReasonAndKeepTheirNumbers() throws IOException {
    Path data =
        Files.write(
            scratch.resolve("bad.jsonl"),
            List.of("{\"text\": \"one\"}", "{\"text\": ", "{\"text\": 5}", "{\"text\": \"ONE\"}"));

    assertThatThrownBy(() -> CurateJob.run(spark(), config(data, "out", exact())))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("bad.jsonl line 2")
        .hasMessageContaining("--on_bad_rows skip");
    assertThat(scratch.resolve("out")).doesNotExist();

    CurateManifest manifest = CurateJob.run(spark(), config(data, "out", exact(), OnBadRows.SKIP));
    assertThat(manifest.counts().badRows())
        .isEqualTo(Map.of("malformed_row", 1L, "wrong_columns", 1L));
    assertThat(manifest.counts().problems()).hasSize(2);
    assertThat(texts("out/data")).containsExactly("one");
    assertThat(removed("out"))
        .containsExactly(
            "1 read malformed_row :", "2 read wrong_columns :", "3 exact_duplicates same text :0");
    assertThat(read("out/removed", row -> row.getFieldRepetitionCount("content")))
        .containsExactly(0, 1, 1);

    CurateConfig itself = config(data, "against", against(data.toString()), OnBadRows.SKIP);
    assertThatThrownBy(() -> CurateJob.run(spark(), itself))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Cannot use decontaminate = ")
        .hasMessageContaining("bad.jsonl line 2: no JSON object")
        .hasMessageContaining("mend it")
        .hasMessageNotContaining("on_bad_rows");

    CurateManifest filtered =
        CurateJob.run(spark(), config(data, "filtered", filter("text = 'ONE'"), OnBadRows.SKIP));
    assertThat(texts("filtered/data")).containsExactly("ONE");
    assertThat(filtered.counts().removed()).containsEntry("read", 2L).containsEntry("filter", 1L);
    CurateJob.run(
        spark(),
        config(
            data,
            "functions",
            filter(
                "text = 'ONE' AND boxes_closed(text) AND repetition(text) < 0.5 AND NOT whole_thought(text)"),
            OnBadRows.SKIP));
    assertThat(texts("functions/data")).containsExactly("ONE");
  }

  @Test
  void problemsWithoutSolutionsAreComparedAndEvaluationSetsMayHaveOneSplit() throws IOException {
    Path data =
        rows(
            "train.jsonl",
            List.of(
                Map.of("problem", QUESTION, "answer", "13"),
                Map.of("problem", "Find x so that x is the largest of all.", "answer", "1")));
    for (String year : List.of("2024", "2025")) {
      Path folder = Files.createDirectories(scratch.resolve("aime/" + year));
      String question = year.equals("2024") ? QUESTION : "Find x so that x is the largest of all.";
      Files.writeString(
          folder.resolve("train.jsonl"), json(Map.of("problem", question, "answer", 13)) + "\n");
    }
    String eval = scratch.resolve("aime") + ":2024";
    CurateJob.run(spark(), config(data, "out", against(eval)));
    assertThat(removed("out")).containsExactly("0 decontaminate 13-gram %s:0".formatted(eval));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          texte = 'a'   | give a predicate of Spark SQL over the columns
          rand() > 0.5  | it gives other rows each time
          """)
  void filtersThatCannotBeUsedAreRefused(String filter, String remedy) throws IOException {
    Path data = texts("data.jsonl", List.of("a", "b"));
    assertThatThrownBy(() -> CurateJob.run(spark(), config(data, "out", filter(filter))))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Cannot use filter = " + filter)
        .hasMessageContaining(remedy);
    assertThat(scratch.resolve("out")).doesNotExist();
  }

  @Test
  void whatCannotBeComparedIsRefusedBeforeAnyWork() throws IOException {
    Path tokens = rows("tokens.jsonl", List.of(Map.of("input_ids", List.of(1, 2))));
    Path texts = texts("texts.jsonl", List.of("a"));
    Configuration hadoop = new Configuration();
    assertThatThrownBy(() -> CurateJob.requireInputs(hadoop, config(tokens, "out", exact())))
        .hasMessageContaining("token ids");
    assertThatThrownBy(() -> filter("")).hasMessageContaining("give at least one of --filter");
    assertThatThrownBy(
            () -> CurateJob.run(spark(), config(texts, "out", against("/nowhere.jsonl"))))
        .hasMessageStartingWith("Cannot use decontaminate = /nowhere.jsonl: there is no such file");
    Files.createDirectories(scratch.resolve("full"));
    Files.writeString(scratch.resolve("full/mine.txt"), "");
    assertThatThrownBy(() -> CurateJob.requireInputs(hadoop, config(texts, "full", exact())))
        .hasMessageContaining("output_dir");
    Path curated = scratch.resolve("curated");
    Files.createDirectories(curated.resolve("data"));
    Files.writeString(curated.resolve("manifest.json"), "{}");
    Path kept = Files.copy(texts, curated.resolve("data/texts.jsonl"));
    CurateConfig itself =
        new CurateConfig(
            PrepConfig.Source.of(kept.toString()),
            exact(),
            "",
            Optional.empty(),
            curated.toString(),
            true);
    assertThatThrownBy(() -> CurateJob.requireInputs(hadoop, itself))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("texts.jsonl, which is read; name another folder");
  }
}
