package org.sparklora.prep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.PrepConfig.OnBadRows;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.table.TableQuery;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.TokenizerDialect;

class PreparePromptsJobTest extends PrepJobFixture {
  private Path data(String... lines) throws IOException {
    return Files.write(scratch.resolve("data.jsonl"), List.of(lines));
  }

  private PromptsConfig config(Path data, String out, int maxLength, OnBadRows onBadRows) {
    return new PromptsConfig(
        PrepConfigs.source(data.toString(), onBadRows, TableQuery.NONE),
        PrepConfigs.model(ModelReference.of(tokenizer.toString()), "", ""),
        "",
        maxLength,
        scratch.resolve(out).toString(),
        false);
  }

  private PromptsConfig config(Path data, String out) {
    return config(data, out, PromptsConfig.UNLIMITED, OnBadRows.FAIL);
  }

  private List<Prompt> table(String out) {
    return PromptTable.read(new Configuration(), scratch.resolve(out).toString());
  }

  @Test
  void questionsAreRenderedWithTheOpeningOfTheAnswer() throws IOException {
    Path data =
        data(
            "{\"question\": \"1+3?\", \"answer\": \"1+3=4\\n#### 4\", \"traces\": [\"%s\"]}"
                .formatted("long ".repeat(1000)));

    TableManifest manifest = PrepJob.run(spark(1, JAVA), config(data, "out"));

    Prompt prompt = table("out").get(0);
    assertThat(prompt.text())
        .isEqualTo("<|im_start|>user\n1+3?<|im_end|>\n<|im_start|>assistant\n");
    assertThat(prompt.tokens())
        .isEqualTo(Tokenizer.load(tokenizer, TokenizerDialect.FILE).encode(prompt.text(), false));
    assertThat(prompt.solution()).contains("4");
    assertThat(prompt.columns())
        .containsEntry("answer", "1+3=4\n#### 4")
        .containsEntry("prompt", "[{\"role\":\"user\",\"content\":\"1+3?\"}]")
        .doesNotContainKey("traces");
    assertThat(manifest.count("tokens")).isEqualTo(prompt.tokens().length);
    assertThat(manifest.count("longest_prompt")).isEqualTo(prompt.tokens().length);
  }

  @Test
  void theSystemPromptStandsWhereThereIsNone() throws IOException {
    Path data =
        data(
            "{\"problem\": \"1+1?\"}",
            "{\"prompt\": [{\"role\": \"system\", \"content\": \"Be wild.\"}, {\"role\": \"user\", \"content\": \"2?\"}]}",
            "{\"prompt\": \"3?\"}");
    PromptsConfig plain = config(data, "out");

    PrepJob.run(
        spark(1, JAVA),
        new PromptsConfig(
            plain.source(), plain.model(), "Be brief.", 0, plain.outputFolder(), false));

    List<Prompt> prompts = table("out");
    assertThat(prompts.get(0).text()).startsWith("<|im_start|>system\nBe brief.<|im_end|>");
    assertThat(prompts.get(1).text())
        .startsWith("<|im_start|>system\nBe wild.")
        .doesNotContain("brief");
    assertThat(prompts.get(2).text()).contains("Be brief.").contains("user\n3?");
    assertThat(prompts).allMatch(prompt -> prompt.solution().isEmpty());
  }

  /** GRPOTrainer renders no column but the prompt; rewards receive all columns. */
  @Test
  void theTemplateSeesTheVariablesOfTheSettingsAndNoneOfARow() throws IOException {
    Path data =
        data(
            "{\"question\": \"1?\", \"answer\": \"1\"}",
            "{\"prompt\": [{\"role\": \"user\", \"content\": \"2?\"}], \"chat_template_kwargs\": {\"thinking\": true, \"mark\": \"#\"}, \"tools\": [{\"name\": \"add\"}]}");
    Path template =
        Files.writeString(
            scratch.resolve("template.jinja"),
            "{{ messages[0].content }}{{ thinking }}{{ mark }}{{ tools }}");
    PromptsConfig plain = config(data, "out");
    PrepConfig.Model model =
        new PrepConfig.Model(
            plain.model().reference(),
            template.toString(),
            "",
            TokenizerDialect.FILE,
            Map.of("thinking", false));

    TableManifest manifest =
        PrepJob.run(
            spark(1, JAVA),
            new PromptsConfig(plain.source(), model, "", 0, plain.outputFolder(), false));

    List<Prompt> prompts = table("out");
    assertThat(prompts).extracting(Prompt::text).containsExactly("1?FalseNone", "2?FalseNone");
    assertThat(prompts.get(1).columns()).containsEntry("tools", "[{\"name\":\"add\"}]");
    assertThat(manifest.inputs().settings())
        .containsEntry("chat_template_kwargs", Map.of("thinking", false));
  }

  @Test
  void theDateInATemplateIsThatOfTheJob() throws IOException {
    PromptsConfig plain = config(data(), "out");
    Path template =
        Files.writeString(scratch.resolve("dated.jinja"), "{{ strftime_now('%d %b %Y') }}");
    PrepConfig.Model model = PrepConfigs.model(plain.model().reference(), template.toString(), "");
    Map<String, Object> row = Map.of("question", "1?");
    RowKind rows =
        RowKind.recognise(
            new PromptsConfig(plain.source(), model, "", 0, plain.outputFolder(), false),
            plain.source(),
            row);
    Configuration hadoop = new Configuration();
    TextSource text = TextSource.locate(hadoop, model);
    Path file = Files.createDirectories(scratch.resolve("out")).resolve("a.parquet");
    rows.tokenize(
        hadoop,
        new org.apache.hadoop.fs.Path(file.toString()),
        ModelText.shared(text).at(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC)),
        task -> {
          SplitReport report = new SplitReport();
          task.write(row, report);
          return report;
        });
    assertThat(table("out")).extracting(Prompt::text).containsExactly("01 Jan 1970");
  }

  @Test
  void aTextPromptIsTakenAsItIs() throws IOException {
    PrepJob.run(spark(1, JAVA), config(data("{\"prompt\": \"1+4=\"}"), "out"));
    assertThat(table("out").get(0).text()).isEqualTo("1+4=");
  }

  @Test
  void longPromptsAreLeftOutAndCountedAndTheRestIsNumberedThrough() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String text = i % 4 == 0 ? "very long ".repeat(60) : "short";
      lines.add("{\"question\": \"%s %d?\", \"answer\": \"#### %d\"}".formatted(text, i, i));
    }
    Path data = data(lines.toArray(String[]::new));

    TableManifest manifest = PrepJob.run(spark(2, JAVA), config(data, "out", 60, OnBadRows.FAIL));

    assertThat(manifest.count("rows_in")).isEqualTo(40);
    assertThat(manifest.count("too_long")).isEqualTo(10);
    assertThat(manifest.count("prompts")).isEqualTo(30);
    List<Prompt> prompts = table("out");
    assertThat(prompts).extracting(Prompt::id).isEqualTo(numbers(30));
    assertThat(prompts.get(3).solution()).contains("5");
  }

  private static List<Long> numbers(int count) {
    return LongStream.range(0, count).boxed().toList();
  }

  @Test
  void writesTheSameBytesWhateverTheCoresAndTheSerializer() throws IOException {
    // over 4 MB of lines, hence several splits, and more prompts than one file takes
    String[] lines =
        IntStream.range(0, 40_000)
            .mapToObj(
                "{\"question\": \"What is the value of %1$d squared, exactly?\", \"answer\": \"#### %1$d\"}"
                    ::formatted)
            .toArray(String[]::new);
    Path data = data(lines);

    PrepJob.run(spark(1, JAVA), config(data, "one"));
    PrepJob.run(spark(4, KRYO), config(data, "four"));

    assertThat(parquetBytes("four")).hasSize(2).isEqualTo(parquetBytes("one"));
    List<Prompt> prompts = table("four");
    assertThat(prompts).extracting(Prompt::id).isEqualTo(numbers(40_000));
    assertThat(prompts.get(39_999).solution()).contains("39999");
  }

  @Test
  void sparkReadsTheTable() throws IOException {
    PrepJob.run(spark(1, JAVA), config(data("{\"prompt\": \"1+4=\", \"solution\": 5}"), "out"));

    Row row = session.read().parquet(scratch.resolve("out").toString()).collectAsList().get(0);

    assertThat(row.getLong(row.fieldIndex("prompt_id"))).isZero();
    assertThat(row.getString(row.fieldIndex("prompt"))).isEqualTo("1+4=");
    assertThat(row.getString(row.fieldIndex("solution"))).isEqualTo("5");
    assertThat(row.getJavaMap(row.fieldIndex("columns")))
        .isEqualTo(Map.of("prompt", "1+4=", "solution", "5"));
    assertThat(row.getList(row.fieldIndex("prompt_ids"))).isNotEmpty();
  }

  @Test
  void stopsAtABadRowAndSaysWhere() throws IOException {
    Path data = data("{\"problem\": \"1+1?\"}", "{\"text\": \"a\"}");
    assertThatThrownBy(() -> PrepJob.run(spark(1, JAVA), config(data, "out")))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("data.jsonl line 2")
        .hasMessageContaining("no text in prompt, problem or question")
        .hasMessageContaining("--on_bad_rows skip");
    assertThat(scratch.resolve("out")).doesNotExist();
  }

  @Test
  void skipsBadRowsWhenToldToAndCountsThemByReason() throws IOException {
    Path data =
        data(
            "{\"problem\": \"1?\"}",
            "{\"text\": \"a\"}",
            "{no",
            "{\"prompt\": \"\"}",
            "{\"prompt\": \"2\"}");

    TableManifest manifest = PrepJob.run(spark(1, JAVA), config(data, "out", 0, OnBadRows.SKIP));

    assertThat(manifest.counts())
        .containsEntry(
            "rows_skipped", Map.of("wrong_columns", 1L, "malformed_row", 1L, "empty_prompt", 1L));
    assertThat((List<?>) manifest.counts().get("problems"))
        .hasSize(3)
        .allMatch(text -> text.toString().contains("data.jsonl"));
    assertThat(manifest.count("without_solution")).isEqualTo(2);
    assertThat(table("out")).hasSize(2);
  }

  @Test
  void aTableOfTheSameSettingsIsUsedAgainAndAnotherIsNot() throws IOException {
    Path data = data("{\"prompt\": \"1+4=\"}", "{\"prompt\": \"a much longer prompt than that\"}");
    PromptsConfig config = config(data, "out");
    TableManifest first = PrepJob.reuseOrRun(spark(1, JAVA), config);

    assertThat(PrepJob.reuseOrRun(session, config).seconds()).isEqualTo(first.seconds());
    PromptsConfig shorter = config(data, "out", 5, OnBadRows.FAIL);
    assertThatThrownBy(() -> PrepJob.reuseOrRun(session, shorter))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("output_dir");
    PrepJob.reuseOrRun(
        session,
        new PromptsConfig(shorter.source(), shorter.model(), "", 5, shorter.outputFolder(), true));
    assertThat(table("out")).hasSize(1);
  }

  @Test
  void aDatasetWithoutAPromptIsRefused() throws IOException {
    Path data = data("{\"prompt\": \"a long prompt of many words\"}");
    assertThatThrownBy(() -> PrepJob.run(spark(1, JAVA), config(data, "out", 1, OnBadRows.FAIL)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("1 were longer than max_prompt_length");
  }

  @Test
  void aSystemPromptNeedsATemplate() throws IOException {
    Files.writeString(tokenizer.resolve("tokenizer_config.json"), "{}");
    PromptsConfig plain = config(data("{\"problem\": \"1+1?\"}"), "out");
    PromptsConfig config =
        new PromptsConfig(
            plain.source(), plain.model(), "Be brief.", 0, plain.outputFolder(), false);

    assertThatThrownBy(() -> PrepJob.run(spark(1, JAVA), config))
        .hasMessageContaining("system_prompt");
    PrepJob.run(session, plain);
    assertThat(table("out").get(0).text()).isEqualTo("1+1?");
  }
}
