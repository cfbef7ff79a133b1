package org.sparklora.prep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.prep.format.DatasetFormats.ColumnMapping;
import org.sparklora.prep.pack.PackingStrategy;
import org.sparklora.prep.source.RowSelection.Held;
import org.sparklora.prep.source.RowSelection.Take;
import org.sparklora.prep.table.TableQuery;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.TokenizerDialect;

/** Mixtures through the jobs: what of each dataset comes into the table, and in which order. */
class MixtureJobTest extends PrepJobFixture {
  private static final Take ALL = new Take(1, Long.MAX_VALUE, 42);
  private static final PrepConfig.Packing UNPACKED =
      PrepConfigs.packing(false, PackingStrategy.BFD, 0);

  private Mixture.Part part(String data, Take take, String filter, String... columns) {
    return new Mixture.Part(
        PrepConfig.Source.of(scratch.resolve(data).toString()), filter, Set.of(columns), take);
  }

  private Mixture.Part part(String data, Take take) {
    return part(data, take, "");
  }

  private static Mixture mixture(double testShare, Mixture.Part... parts) {
    return new Mixture(
        List.of(parts), new Held(testShare, false), Map.of("datasets", Arrays.toString(parts)));
  }

  private PrepConfig.Source source(Mixture mixture) {
    return new PrepConfig.Source(
        "mixture.yaml",
        "",
        mixture.held().isTest() ? "test" : "train",
        ColumnMapping.USUAL,
        false,
        PrepConfig.OnBadRows.FAIL,
        TableQuery.NONE,
        mixture);
  }

  private PrepConfig config(Mixture mixture, String out, PrepConfig.Packing packing) {
    PrepConfig usual =
        PrepConfigs.packed(tokenizer.toString(), "", scratch.resolve(out).toString());
    return new PrepConfig(
        source(mixture),
        usual.model(),
        usual.maxLength(),
        usual.truncation(),
        packing,
        usual.loss(),
        false,
        usual.outputFolder(),
        false);
  }

  private PromptsConfig prompts(Mixture mixture, String out) {
    return new PromptsConfig(
        source(mixture),
        PrepConfigs.model(ModelReference.of(tokenizer.toString()), "", ""),
        "",
        0,
        scratch.resolve(out).toString(),
        false);
  }

  private void data(String name, Stream<String> lines) throws IOException {
    Files.write(scratch.resolve(name), (Iterable<String>) lines::iterator);
  }

  private void numbered(String name, int rows) throws IOException {
    data(name, IntStream.range(0, rows).mapToObj(i -> "{\"text\": \"%s %d\"}".formatted(name, i)));
  }

  private List<PackedSequence> table(String out) {
    return PackedSequenceTable.open(new Configuration(), scratch.resolve(out).toString()).readAll();
  }

  /** The texts of an unpacked table, each with the number of its dataset. */
  private List<String> texts(String out) {
    Tokenizer reader = Tokenizer.load(tokenizer, TokenizerDialect.FILE);
    return table(out).stream()
        .map(
            row ->
                row.sources()[0] + " " + reader.decode(row.inputIds(), true).replaceAll("<.*", ""))
        .toList();
  }

  /** The counts of a dataset, by name. */
  @SuppressWarnings("unchecked")
  private Map<String, Long> counts(TableManifest made, String data) {
    Map<String, Map<String, Long>> sources =
        (Map<String, Map<String, Long>>) made.counts().get("sources");
    return sources.get(scratch.resolve(data).toString());
  }

  @Test
  void datasetsOfSeveralFormatsFollowOneAnotherAndEachDocumentKnowsItsOwn() throws IOException {
    numbered("text", 2);
    data("qa", Stream.of("{\"question\": \"1+1?\", \"answer\": \"2\", \"tags\": [null, \"a\"]}"));
    data(
        "chat",
        Stream.of(
            "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}, {\"role\": \"assistant\", \"content\": \"ho\"}], \"text\": null}"));
    data("pair", Stream.of("{\"prompt\": \"a b\", \"completion\": \" c\"}"));
    for (String name : List.of("text", "qa", "chat", "pair")) {
      Files.move(scratch.resolve(name), scratch.resolve(name + ".jsonl"));
    }
    Mixture mixture =
        mixture(
            0,
            part("text.jsonl", ALL),
            part("qa.jsonl", ALL),
            part("chat.jsonl", new Take(2, Long.MAX_VALUE, 1)),
            part("pair.jsonl", ALL),
            part("text.jsonl", ALL));

    TableManifest made = PrepJob.run(spark(2, JAVA), config(mixture, "out", UNPACKED));

    assertThat(table("out").stream().map(row -> row.sources()[0]))
        .containsExactly(0, 0, 1, 2, 2, 3, 4, 4);
    assertThat(texts("out").get(1)).endsWith("text 1");
    assertThat(made.inputs().datasetFormat().split("; ")).hasSize(4);
    String text = scratch.resolve("text.jsonl").toString();
    assertThat(made.inputs().sources().stream().map(source -> source.get("source")))
        .startsWith(text + "#0")
        .endsWith(text + "#4");
    assertThat(made.count("rows_in")).isEqualTo(8);
    assertThat(counts(made, "chat.jsonl"))
        .containsEntry("rows_in", 2L)
        .containsEntry("documents", 2L);
    // an index that names the dataset; the folder's other readers do not look at it
    Row row = session.read().parquet(scratch.resolve("out").toString()).collectAsList().get(0);
    assertThat(row.schema().fieldNames())
        .containsExactly("input_ids", "labels", "seq_lengths", "sources");
    assertThat(row.<Integer>getList(0)).isNotEmpty();
  }

  /** 3 MB of lines of two datasets, hence several splits, and a shard of 100 documents. */
  @Test
  void anyNumberOfCoresGivesTheSameBytes() throws IOException {
    data("a.jsonl", long_(9000));
    data("b.jsonl", long_(4000));
    Mixture mixture =
        mixture(
            0.1,
            part("a.jsonl", new Take(0.4, Long.MAX_VALUE, 1)),
            part("b.jsonl", new Take(1.5, 3000, 2), "length(answer) > 400"));
    PrepConfig.Packing packing = new PrepConfig.Packing(true, PackingStrategy.BFD, 100, true);

    PrepJob.run(spark(1, JAVA), config(mixture, "one", packing));
    TableManifest made = PrepJob.run(spark(2, KRYO), config(mixture, "two", packing));

    assertThat(parquetBytes("two")).isNotEmpty().isEqualTo(parquetBytes("one"));
    Map<String, Long> b = counts(made, "b.jsonl");
    assertThat(b.get("rows_in") + b.get("held_out")).isEqualTo(3000);
    assertThat(b.get("left_out_by_filter")).isPositive();
    assertThat(table("one")).allMatch(row -> IntStream.of(row.sources()).distinct().count() == 1);
  }

  private static Stream<String> long_(int rows) {
    return IntStream.range(0, rows)
        .mapToObj(
            i ->
                "{\"question\": \"What at step %d?\", \"answer\": \"%s\"}"
                    .formatted(i, ("the rank is %d; ".formatted(i)).repeat(1 + i * 7919 % 60)));
  }

  @Test
  void trainingAndEvaluationRowsAreTheWholeMixtureAndShareNoRow() throws IOException {
    numbered("a.jsonl", 100);
    numbered("b.jsonl", 60);
    Mixture mixture = mixture(0.2, part("a.jsonl", ALL), part("b.jsonl", new Take(2, 70, 42)));

    TableManifest train = PrepJob.run(spark(2, JAVA), config(mixture, "train", UNPACKED));
    PrepJob.run(session, config(mixture.ofTest(), "test", UNPACKED));

    List<String> all = new ArrayList<>(texts("train"));
    Set<String> trained = new HashSet<>(all);
    assertThat(texts("test")).isNotEmpty().noneMatch(trained::contains);
    all.addAll(texts("test"));
    assertThat(all).hasSize(170); // of b all rows once, and ten of them once more
    assertThat(new HashSet<>(all)).hasSize(160);
    Map<String, Long> a = counts(train, "a.jsonl");
    assertThat(a.get("rows_in") + a.get("held_out")).isEqualTo(100);
    assertThat(train.inputs().settings()).containsKey("datasets");
  }

  @Test
  void aPredicateKeepsRowsOfFilesAndColumnsHideTheOthers() throws IOException {
    data(
        "a.jsonl",
        IntStream.range(0, 10)
            .mapToObj(
                i ->
                    "{\"text\": \"row %d\", \"kind\": %s, \"messages\": \"no conversation\"}"
                        .formatted(i, i % 3 == 0 ? "\"web\"" : i % 3 == 1 ? "null" : "\"book\"")));
    Mixture mixture =
        mixture(0, part("a.jsonl", ALL, "kind <> 'web' AND tokens(text) < 99", "text"));

    TableManifest made = PrepJob.run(spark(2, JAVA), config(mixture, "out", UNPACKED));

    assertThat(texts("out")).containsExactly("0 row 2", "0 row 5", "0 row 8"); // as curate's
    assertThat((Map<?, ?>) made.counts().get("sources")).hasSize(1);
    assertThat(counts(made, "a.jsonl"))
        .isEqualTo(
            Map.of(
                "rows_in", 3L,
                "rows_skipped", 0L,
                "left_out_by_filter", 7L,
                "left_out_by_weight", 0L,
                "held_out", 0L,
                "documents", 3L,
                "tokens", made.count("tokens")));
    data(
        "tools.jsonl",
        Stream.of(
            "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}, {\"role\": \"assistant\", \"content\": \"ho\"}], \"tools\": \"none, no JSON\"}"));
    Mixture hidden = mixture(0, part("tools.jsonl", ALL, "size(messages) = 2", "messages"));
    assertThat(PrepJob.run(session, config(hidden, "hidden", UNPACKED)).count("documents"))
        .isEqualTo(1);
    Mixture wrong = mixture(0, part("a.jsonl", ALL, "kindd = 1"));
    assertThatThrownBy(() -> PrepJob.run(session, config(wrong, "wrong", UNPACKED)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("filter = kindd = 1 (datasets[0] of mixture.yaml)")
        .hasMessageContaining("over the columns");
    Mixture missing = mixture(0, part("a.jsonl", ALL, "", "text", "score"));
    assertThatThrownBy(() -> PrepJob.run(session, config(missing, "missing", UNPACKED)))
        .hasMessageContaining("dataset_columns = score (datasets[0] of mixture.yaml)")
        .hasMessageContaining("text, kind, messages");
  }

  /** The manifest, by which a table is used again, does not have the day. */
  @Test
  void aFilterOfFilesMayNotDependOnTheDay() throws IOException {
    numbered("a.jsonl", 2);
    for (String filter :
        List.of(
            "day < current_date()",
            "day < Now()",
            "at < unix_timestamp( )",
            "day >= 'Yesterday'",
            "day >= DATE 'today UTC'")) {
      Mixture mixture = mixture(0, part("a.jsonl", ALL, filter));
      assertThatThrownBy(() -> requireInputs(mixture))
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith(
              "Cannot use filter = %s (datasets[0] of mixture.yaml): ".formatted(filter))
          .hasMessageContaining("depends on the day");
    }
    requireInputs(
        mixture(
            0, part("a.jsonl", ALL, "text LIKE 'Today%' OR text <> 'now and then' AND now < 3")));
  }

  @Test
  void packingMixesDatasetsUnlessItIsKeptWithinThem() throws IOException {
    numbered("a.jsonl", 5);
    numbered("b.jsonl", 5);
    Mixture mixture = mixture(0, part("a.jsonl", ALL), part("b.jsonl", ALL));
    PrepConfig.Packing mixed = PrepConfigs.packing(true, PackingStrategy.BFD, 0);
    PrepConfig.Packing within = new PrepConfig.Packing(true, PackingStrategy.BFD, 0, true);
    PrepConfig.Packing wrapped = PrepConfigs.packing(true, PackingStrategy.WRAPPED, 0);

    PrepJob.run(spark(2, JAVA), config(mixture, "mixed", mixed));
    PrepJob.run(session, config(mixture, "within", within));
    PrepJob.run(session, config(mixture, "wrapped", wrapped));

    assertThat(table("mixed")).singleElement();
    assertThat(table("mixed").get(0).sources()).containsOnly(0, 1).hasSize(10);
    assertThat(table("within")).hasSize(2);
    assertThat(table("within").get(0).sources()).containsExactly(0, 0, 0, 0, 0);
    assertThat(table("within").get(1).sources()).containsExactly(1, 1, 1, 1, 1);
    assertThat(table("wrapped").stream().map(row -> Arrays.toString(row.sources())))
        .containsExactly("[0]", "[1]");
  }

  @Test
  void aPromptHasTheNameOfItsDatasetAmongItsColumns() throws IOException {
    data("a.jsonl", Stream.of("{\"question\": \"1+1?\", \"answer\": \"2\"}"));
    data("b.jsonl", Stream.of("{\"problem\": \"2+2?\", \"answer\": \"4\", \"source\": \"web\"}"));
    Mixture plain = mixture(0, part("a.jsonl", ALL), part("b.jsonl", ALL, "", "problem", "answer"));
    Mixture own = mixture(0, part("a.jsonl", ALL), part("b.jsonl", ALL));

    PrepJob.run(spark(2, JAVA), prompts(plain, "plain"));
    PrepJob.run(session, prompts(own, "own"));

    List<String> names =
        Stream.of("a.jsonl", "b.jsonl").map(name -> scratch.resolve(name).toString()).toList();
    assertThat(columns("plain", "source")).isEqualTo(names);
    assertThat(columns("own", "mixture_source")).isEqualTo(names);
    assertThat(columns("own", "source")).containsExactly(null, "web");
  }

  private List<String> columns(String out, String name) {
    List<String> values = new ArrayList<>();
    for (Prompt prompt : PromptTable.read(new Configuration(), scratch.resolve(out).toString())) {
      values.add(prompt.columns().get(name));
    }
    return values;
  }

  @Test
  void aDatasetThatCannotBeUsedIsNamedByItsPlace() throws IOException {
    numbered("a.jsonl", 2);
    data("b.jsonl", Stream.of("{\"score\": 1}"));
    Mixture absent = mixture(0, part("a.jsonl", ALL), part("none.jsonl", ALL));
    Mixture unknown = mixture(0, part("a.jsonl", ALL), part("b.jsonl", ALL));
    Path none = scratch.resolve("none.jsonl");
    assertThatThrownBy(() -> requireInputs(absent))
        .hasMessageContaining("%s (datasets[1] of mixture.yaml): there is no such".formatted(none));
    assertThatThrownBy(() -> requireInputs(unknown))
        .hasMessageContaining("(datasets[1] of mixture.yaml): no format fits");
  }

  @Test
  void rowsWithoutAPromptAreThoseOfTheWholeMixture() throws IOException {
    data("a.jsonl", Stream.of("{\"question\": \"1+1?\", \"answer\": \"2\"}"));
    data("b.jsonl", Stream.of("{\"question\": \"2+2?\", \"answer\": \"4\"}"));
    PromptsConfig usual = prompts(mixture(0, part("a.jsonl", ALL), part("b.jsonl", ALL)), "out");
    PromptsConfig brief =
        new PromptsConfig(usual.source(), usual.model(), "", 1, usual.outputFolder(), false);
    assertThatThrownBy(() -> PrepJob.run(spark(2, JAVA), brief))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Cannot use dataset_name = mixture.yaml: none of its 2 rows gives");
  }

  private void requireInputs(Mixture mixture) {
    PrepJob.requireInputs(new Configuration(), config(mixture, "out", UNPACKED));
  }

  @Test
  void aTableIsUsedAgainUntilTheMixtureChanges() throws IOException {
    numbered("a.jsonl", 4);
    Mixture mixture = mixture(0, part("a.jsonl", ALL));
    PrepConfig config = config(mixture, "out", UNPACKED);
    TableManifest first = PrepJob.reuseOrRun(spark(2, JAVA), config);
    assertUsedAgain(config, first);
    Mixture other = mixture(0, part("a.jsonl", new Take(2, 3, 42)));
    assertThatThrownBy(() -> PrepJob.reuseOrRun(session, config(other, "out", UNPACKED)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("datasets ");
  }

  /** A manifest that was read has other types of numbers among its counts. */
  private static void assertUsedAgain(PrepConfig config, TableManifest first) {
    TableManifest again = PrepJob.reuseOrRun(session, config);
    assertThat(again.inputs()).isEqualTo(first.inputs());
    assertThat(again.summary()).isEqualTo(first.summary());
    assertThat(again.files()).isEqualTo(first.files());
    assertThat(again.seconds()).isEqualTo(first.seconds());
  }

  /** Spark SQL compares times with texts in the session's zone. */
  @Test
  void aTableOfFilteredFilesIsUsedAgainInItsTimeZoneOnly() throws IOException {
    numbered("a.jsonl", 4);
    PrepConfig config = config(mixture(0, part("a.jsonl", ALL, "text > ''")), "out", UNPACKED);
    String key = "spark.sql.session.timeZone";
    String zone = spark(2, JAVA).conf().get(key);
    try {
      session.conf().set(key, "UTC");
      TableManifest first = PrepJob.reuseOrRun(session, config);
      assertUsedAgain(config, first);
      session.conf().set(key, "Asia/Tokyo");
      assertThatThrownBy(() -> PrepJob.reuseOrRun(session, config))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("or another time zone of the session");
    } finally {
      session.conf().set(key, zone);
    }
  }
}
