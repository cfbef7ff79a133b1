package org.sparklora.prep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.prep.document.ShardPlan;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.format.DatasetFormat;
import org.sparklora.prep.format.DatasetFormats;
import org.sparklora.prep.pack.PackingStrategy;
import org.sparklora.prep.source.DatasetFiles;
import org.sparklora.prep.source.DatasetSample;
import org.sparklora.prep.source.DatasetSplit;
import org.sparklora.prep.source.DatasetSplits;
import org.sparklora.prep.source.SplitGroup;

/**
 * From a JSON lines file to packed rows, both of the job's tasks without Spark: what TRL's
 * SFTTrainer prepares.
 */
class SftPrepGoldenTest {
  private static final int TRL_BATCH = 1000;
  private static final Configuration HADOOP = new Configuration();

  /** Shared, so that a tokenizer is unpacked at one place and stays loaded over all cases. */
  @TempDir static Path tokenizers;

  @TempDir Path scratch;

  static Stream<Named<JsonNode>> cases() throws IOException {
    return Stream.concat(
            Fixtures.lines("sft_prep/prepared.jsonl.gz").stream(),
            Fixtures.lines("sft_prep/more_prepared.jsonl.gz").stream())
        .map(
            c ->
                Named.of(
                    "%s %s %s".formatted(c.get("tokenizer"), c.get("dataset"), c.get("config")),
                    c));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void preparesAsTrlDoes(JsonNode expected) throws IOException {
    String name = expected.get("tokenizer").asText();
    Optional<Path> tokenizer = Fixtures.tokenizer(name, tokenizers);
    assumeTrue(
        tokenizer.isPresent(),
        "Skipped: the tokenizer %s is not here; see the README of the resources".formatted(name));
    Path dataset = Fixtures.jsonLines(scratch.resolve("data.jsonl"), dataset(expected));
    PrepConfig config = config(tokenizer.get(), dataset, expected.get("config"));
    if (expected.has("error")) {
      assertThatThrownBy(() -> prepare(config)).isInstanceOf(ConfigException.class);
      return;
    }

    List<PackedSequence> actual = prepare(config);

    assertThat(actual).hasSameSizeAs(expected.get("rows"));
    for (int i = 0; i < actual.size(); i++) {
      assertRow(actual.get(i), expected.get("rows").get(i), i);
    }
  }

  private static JsonNode dataset(JsonNode expected) throws IOException {
    String name = expected.get("dataset").asText();
    JsonNode dataset = Fixtures.json("sft_prep/datasets.json").path(name);
    return dataset.isMissingNode()
        ? Fixtures.json("sft_prep/more_datasets.json").get(name)
        : dataset;
  }

  private PrepConfig config(Path tokenizer, Path dataset, JsonNode settings) {
    PrepConfig usual =
        PrepConfigs.packed(
            tokenizer.toString(), dataset.toString(), scratch.resolve("out").toString());
    DatasetFormats.Loss loss = usual.loss();
    if (settings.has("completion_only_loss")) {
      loss =
          settings.get("completion_only_loss").asBoolean()
              ? DatasetFormats.Loss.COMPLETION
              : DatasetFormats.Loss.EVERY_TOKEN;
    }
    return new PrepConfig(
        usual.source(),
        usual.model(),
        settings.path("max_length").asInt(usual.maxLength()),
        settings.has("truncation_mode")
            ? PrepConfig.Truncation.valueOf(
                settings.get("truncation_mode").asText().toUpperCase(Locale.ROOT))
            : usual.truncation(),
        PrepConfigs.packing(
            settings.path("packing").asBoolean(),
            PackingStrategy.valueOf(
                settings.path("packing_strategy").asText("bfd").toUpperCase(Locale.ROOT)),
            TRL_BATCH),
        loss,
        settings.path("assistant_only_loss").asBoolean(),
        usual.outputFolder(),
        false);
  }

  private List<PackedSequence> prepare(PrepConfig config) {
    PrepConfig.Source source = config.source();
    var files = new DatasetFiles(HADOOP).find(source.dataset(), source.config(), source.split());
    List<DatasetSplit> splits =
        new DatasetSplits(HADOOP)
            .of(
                files,
                problem -> {
                  throw problem;
                });
    DatasetFormat format =
        new DatasetFormats(source.columns(), source.useSystemColumn(), config.loss())
            .recognise(DatasetSample.of(HADOOP, splits, problem -> {}));
    TextSource text = TextSource.locate(HADOOP, config.model());
    var documents = new org.apache.hadoop.fs.Path(scratch.resolve("documents").toString());
    List<int[]> lengths = new ArrayList<>();
    for (int i = 0; i < splits.size(); i++) {
      SplitReport report =
          TokenizeSplit.run(
              HADOOP,
              text,
              Clock.systemDefaultZone(),
              new PackedRows(config, source, format),
              new SplitGroup(List.of(splits.get(i))),
              TokenizeSplit.file(documents, i),
              tokens -> {});
      assertThat(report.problems()).isEmpty();
      lengths.add(report.lengths());
    }
    List<PackedSequence> rows = new ArrayList<>();
    int[] together = new int[lengths.size()];
    for (ShardPlan.RowFile file : ShardPlan.of(lengths, together, config.packing().batchSize())) {
      var output = new org.apache.hadoop.fs.Path(scratch.resolve("rows.parquet").toString());
      new PackedRows.PackRowFile(config.packer(), file, new int[0])
          .write(HADOOP, documents, output, tokens -> {});
      PackedSequenceTable.forEach(HADOOP, List.of(output.toString()), rows::add);
    }
    return rows;
  }

  private static void assertRow(PackedSequence row, JsonNode expected, int index) {
    assertThat(row.inputIds())
        .as("row %d", index)
        .containsExactly(Fixtures.ints(expected.get("input_ids")));
    String mask = expected.get("loss_mask").asText();
    int[] labels =
        IntStream.range(0, mask.length())
            .map(i -> mask.charAt(i) == '1' ? row.inputIds()[i] : PackedSequence.NO_LOSS)
            .toArray();
    assertThat(row.labels()).as("labels of row %d", index).containsExactly(labels);
    if (expected.has("seq_lengths")) {
      assertThat(row.seqLengths())
          .as("row %d", index)
          .containsExactly(Fixtures.ints(expected.get("seq_lengths")));
    }
  }
}
