package org.sparklora.prep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.PrepConfig.OnBadRows;
import org.sparklora.prep.pack.PackingStrategy;
import org.sparklora.prep.table.TableQuery;

class PackSftJobTest extends PrepJobFixture {
  @Test
  void writesTheSameBytesWhateverTheCoresAndTheSerializer() throws IOException {
    // 3 MB of lines, hence several splits; a packing batch of 100 makes shards that cross splits
    Path data = data("data.jsonl", questions(9000));
    for (int batch : new int[] {0, 100}) {
      PrepJob.run(spark(1, JAVA), config(data, "one-" + batch, packing(batch)));
      PrepJob.run(spark(4, KRYO), config(data, "four-" + batch, packing(batch)));
      assertThat(parquetBytes("four-" + batch))
          .isNotEmpty()
          .isEqualTo(parquetBytes("one-" + batch));
    }
  }

  @Test
  void keepsEveryDocumentOnceInRowsThatAreNearlyFull() throws IOException {
    Path data = data("data.jsonl", questions(2000));
    TableManifest manifest = PrepJob.run(spark(2, JAVA), config(data, "out", packing(0)));
    List<PackedSequence> rows = table("out").readAll();
    assertThat(rows.stream().mapToInt(row -> row.seqLengths().length).sum()).isEqualTo(2000);
    assertThat(rows.stream().mapToLong(PackedSequence::tokens).sum())
        .isEqualTo(manifest.count("tokens"));
    assertThat(manifest.count("rows_in")).isEqualTo(2000);
    assertThat((double) manifest.counts().get("fill_rate")).isGreaterThan(0.99);
    assertThat(manifest.files())
        .singleElement()
        .satisfies(file -> assertThat(file.rows()).isEqualTo(rows.size()));
    try (Stream<Path> files = Files.list(scratch.resolve("out"))) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder("train-00000-of-00001.parquet", TableKind.PACKED.manifest());
    }
  }

  @Test
  void sparkReadsTheTableItsRowsAreOurRecords() throws IOException {
    Path data = data("data.jsonl", questions(50));
    PrepJob.run(spark(2, JAVA), config(data, "out", packing(0)));
    List<PackedSequence> viaSpark =
        session.read().parquet(scratch.resolve("out").toString()).collectAsList().stream()
            .map(row -> new PackedSequence(ints(row, 0), ints(row, 1), ints(row, 2)))
            .toList();
    assertThat(text(viaSpark)).isEqualTo(text(table("out").readAll()));
  }

  private static int[] ints(Row row, int column) {
    return row.<Integer>getList(column).stream().mapToInt(Integer::intValue).toArray();
  }

  @Test
  void withoutPackingEveryDocumentIsARowInOrderOverFilesAndSplits() throws IOException {
    Path folder = Files.createDirectories(scratch.resolve("data"));
    List<String> lines = questions(6000);
    Files.write(folder.resolve("b.jsonl"), lines.subList(4000, 6000));
    Files.write(folder.resolve("a.jsonl"), lines.subList(0, 4000));
    PrepJob.run(spark(4, JAVA), config(folder, "out", unpacked()));
    Path single = data("single.jsonl", lines);
    PrepJob.run(spark(1, JAVA), config(single, "single", unpacked()));
    assertThat(table("out").rowCount()).isEqualTo(6000);
    assertThat(text(table("out").readAll())).isEqualTo(text(table("single").readAll()));
  }

  @Test
  void stopsAtABadRowAndSaysWhere() throws IOException {
    List<String> lines = questions(9000);
    lines.set(7123, "{\"question\": \"cut off");
    Path data = data("data.jsonl", lines);
    assertThatThrownBy(() -> PrepJob.run(spark(2, JAVA), config(data, "out", packing(0))))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("data.jsonl line 7124")
        .hasMessageContaining("--on_bad_rows skip");
    assertThat(scratch.resolve("out")).doesNotExist();
    assertNothingInProgress();
  }

  @Test
  void skipsBadRowsWhenToldToAndCountsThemByReason() throws IOException {
    List<String> lines = questions(100);
    lines.set(10, "{not json}");
    lines.set(20, "{\"question\": \"no answer\"}");
    lines.set(30, "[]");
    Path data = data("data.jsonl", lines);
    TableManifest manifest = PrepJob.run(spark(2, JAVA), skipping(config(data, "out", unpacked())));
    assertThat(manifest.count("rows_in")).isEqualTo(100);
    assertThat(manifest.count("documents")).isEqualTo(97);
    assertThat(manifest.counts())
        .containsEntry("rows_skipped", Map.of("malformed_row", 2L, "wrong_columns", 1L));
    assertThat((List<?>) manifest.counts().get("problems"))
        .hasSize(3)
        .allMatch(problem -> problem.toString().contains("data.jsonl line "));
  }

  @Test
  void keepsWhatCanBeReadOfACutGzip() throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
      out.write(
          String.join("\n", questions(5000)).getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
    Path data = scratch.resolve("data.jsonl.gz");
    Files.write(data, Arrays.copyOf(zipped.toByteArray(), zipped.size() / 2));
    assertThatThrownBy(() -> PrepJob.run(spark(2, JAVA), config(data, "out", unpacked())))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("cut off");
    TableManifest manifest = PrepJob.run(session, skipping(config(data, "out", unpacked())));
    assertThat(manifest.count("documents")).isGreaterThan(1000);
    assertThat(manifest.counts()).containsEntry("rows_skipped", Map.of("unreadable_file", 1L));
  }

  @Test
  void refusesAnEmptyDataset() throws IOException {
    Path data = data("data.jsonl", List.of());
    assertThatThrownBy(() -> PrepJob.run(spark(1, JAVA), config(data, "out", packing(0))))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("no row");
  }

  @Test
  void refusesATableWithoutTargets() throws IOException {
    Path data = data("data.jsonl", List.of("{\"input_ids\": [4, 5], \"labels\": [-100, -100]}"));
    assertThatThrownBy(() -> PrepJob.run(spark(1, JAVA), config(data, "out", unpacked())))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("none of its 1 rows gives a document");
  }

  @Test
  void rowsWithoutTargetsStayIfThereIsNoLimit() throws IOException {
    Path data = data("data.jsonl", List.of("{\"input_ids\": [4, 5], \"labels\": [-100, -100]}"));
    PrepConfig c = config(data, "out", unpacked());
    PrepConfig unlimited =
        new PrepConfig(
            c.source(),
            c.model(),
            PrepConfig.UNLIMITED,
            c.truncation(),
            c.packing(),
            c.loss(),
            false,
            c.outputFolder(),
            false);
    assertThat(PrepJob.run(spark(1, JAVA), unlimited).count("documents")).isEqualTo(1);
  }

  @Test
  void refusesTokenIdsBeyondTheVocabulary() throws IOException {
    Path data = data("data.jsonl", List.of("{\"input_ids\": [4, 5]}", "{\"input_ids\": [4, 512]}"));
    assertThatThrownBy(() -> PrepJob.run(spark(1, JAVA), config(data, "out", packing(0))))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("data.jsonl line 2")
        .hasMessageContaining("input_ids[1] is 512")
        .hasMessageContaining("0 to 511");
  }

  @Test
  void refusesRowsThatArePackedAlreadyRatherThanMixTheirDocuments() throws IOException {
    Path data =
        data("data.jsonl", List.of("{\"input_ids\": [4, 5, 6, 7], \"seq_lengths\": [2, 2]}"));
    assertThatThrownBy(() -> PrepJob.run(spark(1, JAVA), config(data, "out", unpacked())))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("packed already (column seq_lengths)");
  }

  @Test
  void listsTheColumnsWhenNoFormatFits() throws IOException {
    Path data = data("data.jsonl", List.of("{\"instruction\": \"a\", \"score\": 1}"));
    assertThatThrownBy(() -> PrepJob.run(spark(1, JAVA), config(data, "out", packing(0))))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("{instruction=text, score=a number}")
        .hasMessageContaining("conversations (from, value)")
        .hasMessageContaining("--prompt_column");
  }

  @Test
  void usesAFittingTableAgainAndMakesAnotherWhenAnythingChanged() throws IOException {
    Path data = data("data.jsonl", questions(50));
    PrepConfig config = config(data, "out", packing(0));
    TableManifest first = PrepJob.reuseOrRun(spark(1, JAVA), config);
    TableManifest again = PrepJob.reuseOrRun(session, config);
    assertThat(again.seconds()).isEqualTo(first.seconds());

    Files.write(data, questions(51));
    assertThatThrownBy(() -> PrepJob.reuseOrRun(session, config))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("--overwrite_output_dir");
    TableManifest anew = PrepJob.reuseOrRun(session, overwriting(config));
    assertThat(anew.count("documents")).isEqualTo(51);

    Files.delete(scratch.resolve("out/train-00000-of-00001.parquet"));
    assertThat(PrepJob.reuseOrRun(session, overwriting(config)).seconds())
        .isNotEqualTo(anew.seconds());
  }

  /** In one JVM, as notebooks and long-lived executors are. */
  @Test
  void filesWithTheLengthAndTheTimeTheyHadAreReadAnew() throws IOException {
    Path data = data("data.jsonl", List.of("{\"text\": \"one\"}", "{\"text\": \"two\"}"));
    PrepConfig config = overwriting(config(data, "out", packing(0)));
    String first = PrepJob.reuseOrRun(spark(1, JAVA), config).inputs().tokenizerSha256();
    List<String> before = text(table("out").readAll());

    writeOver(data, Files.readString(data).replace("two", "six"));
    PrepJob.reuseOrRun(session, config);
    List<String> otherData = text(table("out").readAll());
    assertThat(otherData).isNotEqualTo(before);

    // a vocabulary in which two letters have changed places
    Path file = tokenizer.resolve("tokenizer.json");
    String json = Files.readString(file);
    String moved = json.replace("\"s\":", "placeholder").replace("\"x\":", "\"s\":");
    writeOver(file, moved.replace("placeholder", "\"x\":"));
    String second = PrepJob.reuseOrRun(session, config).inputs().tokenizerSha256();
    assertThat(second).isNotEqualTo(first);
    List<String> otherIds = text(table("out").readAll());
    assertThat(otherIds).isNotEqualTo(otherData);

    // what ends a text is said beside the tokenizer
    Path names = tokenizer.resolve("tokenizer_config.json");
    Files.writeString(names, "{\"eos_token\": \"s\"}");
    PrepJob.reuseOrRun(session, config);
    List<String> ended = text(table("out").readAll());
    writeOver(names, "{\"eos_token\": \"x\"}");
    PrepJob.reuseOrRun(session, config);
    assertThat(text(table("out").readAll())).isNotEqualTo(ended);
  }

  private static void writeOver(Path file, String text) throws IOException {
    FileTime modified = Files.getLastModifiedTime(file);
    assertThat(text).hasSameSizeAs(Files.readString(file)).isNotEqualTo(Files.readString(file));
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, modified);
  }

  /** The local disk under the name {@code changing:}, whose files change with every look. */
  public static final class Changing extends RawLocalFileSystem {
    private static final AtomicLong LOOKS = new AtomicLong();

    @Override
    public String getScheme() {
      return "changing";
    }

    @Override
    public URI getUri() {
      return URI.create("changing:///");
    }

    @Override
    public FileStatus getFileStatus(org.apache.hadoop.fs.Path file) throws IOException {
      FileStatus found = super.getFileStatus(file);
      return new FileStatus(
          found.getLen(),
          found.isDirectory(),
          1,
          found.getBlockSize(),
          LOOKS.incrementAndGet(),
          found.getPath());
    }
  }

  @Test
  void filesThatChangeWhileTheyAreReadOrWouldBeReplacedGiveNoTable() throws IOException {
    Path data = data("data.jsonl", questions(2));
    spark(1, JAVA)
        .sparkContext()
        .hadoopConfiguration()
        .set("fs.changing.impl", Changing.class.getName());
    PrepConfig changing =
        PrepConfigs.packed(
            tokenizer.toString(), "changing:" + data, scratch.resolve("out").toString());
    assertThatThrownBy(() -> PrepJob.run(session, changing))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("its files have changed while it was read; run again");
    assertThat(scratch.resolve("out")).doesNotExist();
    PrepConfig itself = overwriting(config(data, ".", packing(0)));
    assertThatThrownBy(() -> PrepJob.requireInputs(new Configuration(), itself))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("data.jsonl, which is read; name another folder");
  }

  /** The local disk under the name {@code meanwhile:}; another run ends while a file is read. */
  public static final class Meanwhile extends RawLocalFileSystem {
    @Override
    public String getScheme() {
      return "meanwhile";
    }

    @Override
    public URI getUri() {
      return URI.create("meanwhile:///");
    }

    @Override
    public FSDataInputStream open(org.apache.hadoop.fs.Path file, int buffer) throws IOException {
      Path folder = Path.of(file.toUri().getPath()).getParent();
      try (Stream<Path> files = Files.list(folder)) {
        boolean begun = files.anyMatch(any -> any.toString().contains(".out.inprogress-"));
        if (begun && Files.exists(folder.resolve("other"))) {
          Files.move(folder.resolve("other"), folder.resolve("out"));
        }
      }
      return super.open(file, buffer);
    }
  }

  @Test
  void anotherTableThatAppearsMeanwhileStays() throws IOException {
    Path data = data("data.jsonl", questions(2));
    PrepJob.run(spark(1, JAVA), config(data, "other", packing(0)));
    session
        .sparkContext()
        .hadoopConfiguration()
        .set("fs.meanwhile.impl", Meanwhile.class.getName());
    String out = scratch.resolve("out").toString();
    PrepConfig unpacked = PrepConfigs.packed(tokenizer.toString(), "meanwhile:" + data, out);
    assertThatThrownBy(() -> PrepJob.run(session, unpacked))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("another run has finished its results there meanwhile");
    TableManifest there =
        TableManifest.in(new Configuration(), TableKind.PACKED, out).orElseThrow();
    assertThat(there.inputs().settings()).containsEntry("packing", true);
  }

  @Test
  void aTableWithAFileOfAnotherTableIsRefused() throws IOException {
    PrepJob.run(spark(1, JAVA), config(data("a.jsonl", questions(20)), "out", packing(0)));
    PrepJob.run(session, config(data("b.jsonl", questions(40)), "other", packing(0)));
    String file = PackedSequenceTable.fileName(0, 1);
    Files.copy(
        scratch.resolve("other").resolve(file),
        scratch.resolve("out").resolve(file),
        StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> table("out"))
        .isInstanceOf(TableException.class)
        .hasMessageContaining(file)
        .hasMessageContaining("_prep_manifest.json says")
        .hasMessageContaining("run prep again");
  }

  @Test
  void takesNoHalfWrittenTableForAWholeOne() throws IOException {
    // What a killed run leaves: an in-progress folder without a manifest. The table's own name
    // stays free.
    Path left = Files.createDirectories(scratch.resolve(".out.inprogress-12345678/_documents"));
    Files.writeString(left.resolve("documents-00000"), "half");
    Path data = data("data.jsonl", questions(20));
    TableManifest manifest = PrepJob.reuseOrRun(spark(1, JAVA), config(data, "out", packing(0)));
    assertThat(manifest.count("documents")).isEqualTo(20);
    assertThat(table("out").rowCount()).isEqualTo(manifest.count("rows"));
  }

  /** Rows have arrays, which compare by identity. */
  private static List<String> text(List<PackedSequence> rows) {
    return rows.stream()
        .map(
            row ->
                Arrays.toString(row.inputIds())
                    + Arrays.toString(row.labels())
                    + Arrays.toString(row.seqLengths()))
        .toList();
  }

  private void assertNothingInProgress() throws IOException {
    try (Stream<Path> files = Files.list(scratch)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .noneMatch(name -> name.contains("inprogress"));
    }
  }

  private PackedSequenceTable table(String name) {
    return PackedSequenceTable.open(new Configuration(), scratch.resolve(name).toString());
  }

  private Path data(String name, List<String> lines) throws IOException {
    return Files.write(scratch.resolve(name), lines);
  }

  private static List<String> questions(int rows) {
    Random random = new Random(7);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      String answer = "the rank of the model is %d; ".formatted(i).repeat(1 + random.nextInt(25));
      lines.add(
          "{\"question\": \"What does LoRA learn at step %d?\", \"answer\": \"%s\"}"
              .formatted(i, answer));
    }
    return lines;
  }

  private static PrepConfig.Packing packing(int batchSize) {
    return PrepConfigs.packing(true, PackingStrategy.BFD, batchSize);
  }

  private static PrepConfig.Packing unpacked() {
    return PrepConfigs.packing(false, PackingStrategy.BFD, 0);
  }

  private PrepConfig config(Path data, String out, PrepConfig.Packing packing) {
    PrepConfig usual =
        PrepConfigs.packed(tokenizer.toString(), data.toString(), scratch.resolve(out).toString());
    return with(usual, usual.source(), packing, false);
  }

  private static PrepConfig with(
      PrepConfig c, PrepConfig.Source source, PrepConfig.Packing packing, boolean overwrite) {
    return new PrepConfig(
        source,
        c.model(),
        c.maxLength(),
        c.truncation(),
        packing,
        c.loss(),
        false,
        c.outputFolder(),
        overwrite);
  }

  private static PrepConfig skipping(PrepConfig c) {
    PrepConfig.Source source =
        PrepConfigs.source(c.source().dataset(), OnBadRows.SKIP, TableQuery.NONE);
    return with(c, source, c.packing(), false);
  }

  private static PrepConfig overwriting(PrepConfig c) {
    return with(c, c.source(), c.packing(), true);
  }
}
