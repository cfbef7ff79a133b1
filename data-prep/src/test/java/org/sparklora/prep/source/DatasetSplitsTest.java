package org.sparklora.prep.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.prep.source.BadRowException.Reason;

class DatasetSplitsTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir Path folder;

  /** What was read, in order: rows as text, or the reason and message of a bad one. */
  private static final class Collected implements RowHandler {
    final List<Map<String, Object>> rows = new ArrayList<>();
    final List<String> places = new ArrayList<>();
    final List<BadRowException> bad = new ArrayList<>();

    @Override
    public void row(SourceRow row) {
      rows.add(row.values());
      places.add(row.place().get());
    }

    @Override
    public void bad(BadRowException problem) {
      bad.add(problem);
    }
  }

  private Collected read(String name, String... columns) {
    Collected collected = new Collected();
    for (DatasetSplit split : splits(name, collected)) {
      split.read(HADOOP, Set.of(columns), collected);
    }
    return collected;
  }

  private List<DatasetSplit> splits(String name, Collected collected) {
    List<DatasetFile> files =
        new DatasetFiles(HADOOP).find(folder.resolve(name).toString(), "", "train");
    return new DatasetSplits(HADOOP).of(files, collected.bad::add);
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
  }

  private void gzip(String name, String text, double kept) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    Files.write(
        folder.resolve(name), Arrays.copyOf(bytes.toByteArray(), (int) (bytes.size() * kept)));
  }

  @Test
  void readsJsonLinesWithByteOrderMarkCarriageReturnsEmptyLinesAndNoLastNewline()
      throws IOException {
    write(
        "a.jsonl",
        "\uFEFF{\"text\": \"one\"}\r\n\r\n  \n{\"text\": \"two é 😀\"}\n{\"text\": \"three\"}");
    Collected read = read("a.jsonl");
    assertThat(read.bad).isEmpty();
    assertThat(read.rows)
        .extracting(row -> row.get("text"))
        .containsExactly("one", "two é 😀", "three");
    assertThat(read.places.get(1)).endsWith("a.jsonl line 4");
  }

  @Test
  void locatesEveryBadJsonLineAndGoesOn() throws IOException {
    write(
        "a.jsonl",
        "{\"text\": \"one\"}\n{\"text\": \"tw\n[1]\n\"text\"\nnull\n{\"a\":1} {\"b\":2}\n{\"text\": \"last\"}\n");
    Collected read = read("a.jsonl");
    assertThat(read.rows).hasSize(2);
    assertThat(read.bad).hasSize(5).allMatch(bad -> bad.reason() == Reason.MALFORMED_ROW);
    assertThat(read.bad.get(0)).hasMessageContaining("a.jsonl line 2: no JSON object");
    assertThat(read.bad.get(4)).hasMessageContaining("line 6");
  }

  @Test
  void everyLineOfALargeFileIsReadOnceAndInOrderOverManySplits() throws IOException {
    String padding = "x".repeat(700);
    String text =
        "\uFEFF"
            + String.join(
                "\n",
                IntStream.range(0, 7000)
                    .mapToObj(i -> "{\"i\": %d, \"p\": \"%s\"}".formatted(i, padding))
                    .toList());
    write("a.jsonl", text);
    Collected read = new Collected();
    List<DatasetSplit> splits = splits("a.jsonl", read);
    splits.forEach(split -> split.read(HADOOP, Set.of(), read));
    assertThat(splits).hasSizeGreaterThan(3);
    assertThat(read.rows)
        .extracting(row -> row.get("i"))
        .isEqualTo(IntStream.range(0, 7000).boxed().toList());
    assertThat(read.places.get(6999)).endsWith("line 7000");
  }

  @Test
  void splitsThatBeginExactlyAtALineOrInsideOfOneMeetWithoutGapOrOverlap() throws IOException {
    write("a.jsonl", "{\"i\":0}\n{\"i\":1}\n\n{\"i\":2}\n");
    DatasetFile file =
        new DatasetFiles(HADOOP).find(folder.resolve("a.jsonl").toString(), "", "train").get(0);
    for (long cut = 1; cut < file.bytes(); cut++) {
      Collected read = new Collected();
      new JsonLinesSplit(file, 0, cut).read(HADOOP, Set.of(), read);
      new JsonLinesSplit(file, cut, file.bytes()).read(HADOOP, Set.of(), read);
      assertThat(read.rows)
          .as("cut at %d", cut)
          .extracting(row -> row.get("i"))
          .containsExactly(0, 1, 2);
    }
  }

  @Test
  void readsGzipAndKeepsTheLinesBeforeACut() throws IOException {
    String text =
        String.join(
            "\n",
            IntStream.range(0, 20000).mapToObj(i -> "{\"i\": %d}".formatted(i * 7919)).toList());
    gzip("whole.jsonl.gz", text, 1);
    gzip("cut.jsonl.gz", text, 0.5);
    assertThat(read("whole.jsonl.gz").rows).hasSize(20000);
    Collected cut = read("cut.jsonl.gz");
    assertThat(cut.rows).hasSizeBetween(5000, 15000);
    assertThat(cut.bad)
        .singleElement()
        .satisfies(
            bad -> {
              assertThat(bad.reason()).isEqualTo(Reason.UNREADABLE_FILE);
              assertThat(bad)
                  .hasMessageContaining("cut.jsonl.gz line " + cut.rows.size())
                  .hasMessageContaining("cut off");
            });
  }

  @Test
  void readsAnArrayOfObjectsAndLocatesWhatIsNone() throws IOException {
    write("a.json", " [{\"text\": \"one\", \"n\": [1, {\"k\": null}]}, 5, {\"text\": \"two\"}]");
    Collected read = read("a.json");
    assertThat(read.rows).extracting(row -> row.get("text")).containsExactly("one", "two");
    assertThat(read.bad)
        .singleElement()
        .satisfies(bad -> assertThat(bad).hasMessageContaining("element 2"));
  }

  @Test
  void saysWhereAnArrayBreaksOff() throws IOException {
    write("a.json", "[{\"text\": \"one\"}, {\"text\": ");
    Collected read = read("a.json");
    assertThat(read.rows).hasSize(1);
    assertThat(read.bad)
        .singleElement()
        .satisfies(
            bad -> {
              assertThat(bad.reason()).isEqualTo(Reason.UNREADABLE_FILE);
              assertThat(bad).hasMessageContaining("a.json element 2");
            });
  }

  @Test
  void readsCsvWithQuotesLineBreaksAndSpaces() throws IOException {
    write(
        "a.csv",
        "\uFEFFquestion,answer\r\n\"1, 2\",\"say \"\"hi\"\"\nthen  \"\r\n# no comment, x \r\n,last\r\n");
    Collected read = read("a.csv");
    assertThat(read.bad).isEmpty();
    assertThat(read.rows.get(0))
        .containsEntry("question", "1, 2")
        .containsEntry("answer", "say \"hi\"\nthen  ");
    assertThat(read.rows.get(1))
        .containsEntry("question", "# no comment")
        .containsEntry("answer", " x ");
    assertThat(read.rows.get(2)).containsEntry("question", null).containsEntry("answer", "last");
  }

  @Test
  void linesOfCsvEndAlikeWhateverTheFirstLineBreakIs() throws IOException {
    write("a.csv", "q,a\n1,2\r\n\r\n3,\"4\r\n\"\r\n5,6\r");
    assertThat(read("a.csv").rows)
        .containsExactly(
            Map.of("q", "1", "a", "2"), Map.of("q", "3", "a", "4\r\n"), Map.of("q", "5", "a", "6"));
    write("b.csv", "\"q\n(short)\",a\r\n1,2\r\n");
    assertThat(read("b.csv").rows).containsExactly(Map.of("q\n(short)", "1", "a", "2"));
  }

  @Test
  void countsTheLinesOfQuotedCsvFields() throws IOException {
    write("a.csv", "q,a\n\"1\n2\",3\n4,5,6\n");
    assertThat(read("a.csv").bad)
        .singleElement()
        .satisfies(bad -> assertThat(bad).hasMessageContaining("a.csv line 4: 3 fields"));
  }

  @Test
  void anEmptyListIsTheSampleOnlyOfAColumnWithoutMore() throws IOException {
    write(
        "a.jsonl",
        "{\"messages\": [], \"tags\": []}\n{\"messages\": [{\"role\": \"user\"}], \"tags\": null}\n");
    assertThat(DatasetSample.of(HADOOP, splits("a.jsonl", new Collected()), problem -> {}))
        .isEqualTo(Map.of("messages", List.of(Map.of("role", "user")), "tags", List.of()));
  }

  @Test
  void refusesACsvHeadWithANameTwiceAndNamesColumnsThatHaveNone() throws IOException {
    write("a.csv", "text,n,text\none,1,two\n");
    Collected read = read("a.csv");
    assertThat(read.rows).isEmpty();
    assertThat(read.bad)
        .singleElement()
        .satisfies(bad -> assertThat(bad).hasMessageContaining("line 1: the head row names text"));
    write("b.csv", ",text\n0,one\n");
    assertThat(read("b.csv").rows).containsExactly(Map.of("Unnamed: 0", "0", "text", "one"));
  }

  @Test
  void locatesCsvRowsWithTooManyFields() throws IOException {
    write("a.csv", "q,a\n1,2\n1,2,3\n4,5\n");
    Collected read = read("a.csv");
    assertThat(read.rows).hasSize(2);
    assertThat(read.bad)
        .singleElement()
        .satisfies(bad -> assertThat(bad).hasMessageContaining("a.csv line 3: 3 fields"));
  }

  @Test
  void readsLongCsvFieldsAndTabs() throws IOException {
    String text = "word ".repeat(50_000).strip();
    write("a.tsv", "text\tn\n" + text + "\t1\n");
    assertThat(read("a.tsv").rows)
        .singleElement()
        .satisfies(row -> assertThat(row).containsEntry("text", text));
  }

  private void parquet(String name, int rows) throws IOException {
    MessageType schema =
        MessageTypeParser.parseMessageType(
            """
            message schema {
              optional binary id (STRING);
              optional group messages (LIST) { repeated group list { optional group element {
                optional binary role (STRING); optional binary content (STRING); } } }
              optional group input_ids (LIST) { repeated group list { optional int64 element; } }
              optional group old (LIST) { repeated int32 array; }
              optional double score;
            }""");
    try (ParquetWriter<org.apache.parquet.example.data.Group> writer =
        ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(folder.resolve(name).toString()))
            .withType(schema)
            .withRowGroupSize(64L << 10)
            .withPageSize(4 << 10)
            .build()) {
      SimpleGroupFactory factory = new SimpleGroupFactory(schema);
      for (int i = 0; i < rows; i++) {
        var row = factory.newGroup().append("id", "row %d".formatted(i)).append("score", 0.5 * i);
        var element = row.addGroup("messages").addGroup("list").addGroup("element");
        element
            .append("role", "user")
            .append("content", "question %d %s".formatted(i, Integer.toHexString(i * 7919)));
        var ids = row.addGroup("input_ids");
        ids.addGroup("list").append("element", (long) i);
        ids.addGroup("list").append("element", 7L);
        row.addGroup("old").append("array", i);
        writer.write(row);
      }
    }
  }

  @Test
  void readsNestedParquetColumnsInOrder() throws IOException {
    parquet("a.parquet", 5000);
    Collected read = read("a.parquet");
    assertThat(read.bad).isEmpty();
    assertThat(read.rows)
        .extracting(row -> row.get("id"))
        .isEqualTo(IntStream.range(0, 5000).mapToObj("row %d"::formatted).toList());
    Map<String, Object> row = read.rows.get(4321);
    assertThat(row.get("messages"))
        .isEqualTo(
            List.of(
                Map.of(
                    "role",
                    "user",
                    "content",
                    "question 4321 " + Integer.toHexString(4321 * 7919))));
    assertThat(row)
        .containsEntry("input_ids", List.of(4321L, 7L))
        .containsEntry("old", List.of(4321));
    assertThat(read.places.get(4321)).endsWith("a.parquet row 4321");
  }

  @Test
  void readsOnlyTheWantedParquetColumns() throws IOException {
    parquet("a.parquet", 10);
    assertThat(read("a.parquet", "id", "nonesuch").rows.get(3)).isEqualTo(Map.of("id", "row 3"));
  }

  @Test
  void locatesADamagedParquetPageAndReadsWhatIsBefore() throws IOException {
    parquet("a.parquet", 5000);
    Path file = folder.resolve("a.parquet");
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, bytes.length / 2, bytes.length / 2 + 5000, (byte) 0x5A);
    Files.write(file, bytes);
    Collected read = read("a.parquet");
    assertThat(read.bad).isNotEmpty();
    assertThat(read.bad.get(0).reason()).isEqualTo(Reason.UNREADABLE_FILE);
    assertThat(read.bad.get(0).getMessage())
        .containsPattern("a.parquet row \\d+: the file is damaged");
    assertThat(read.rows).isNotEmpty();
  }

  @Test
  void locatesAParquetFileWithoutFooter() throws IOException {
    parquet("a.parquet", 100);
    Path file = folder.resolve("a.parquet");
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 3000));
    Files.deleteIfExists(folder.resolve(".a.parquet.crc"));
    Collected read = read("a.parquet");
    assertThat(read.rows).isEmpty();
    assertThat(read.bad)
        .singleElement()
        .satisfies(bad -> assertThat(bad).hasMessageContaining("a.parquet: the file is damaged"));
  }

  @Test
  void copiesHaveTheSameRowsAndNameTheirOriginals() throws IOException {
    parquet("a.parquet", 10);
    write("b.jsonl", "{\"id\": 1}\n");
    write("c.csv", "id\n2\n");
    write("d.json", "[{\"id\": 3}]");
    Collected originals = read("");
    Collected copies = new Collected();
    Path target = folder.resolve("copies");
    new DatasetSplits(HADOOP)
        .copies(splits("", copies), new org.apache.hadoop.fs.Path(target.toString()))
        .forEach(split -> split.read(HADOOP, Set.of(), copies));
    assertThat(target).isDirectoryContaining("glob:**/2-c.csv");
    assertThat(copies.rows).hasSize(13).isEqualTo(originals.rows);
    assertThat(copies.places).isEqualTo(originals.places);
  }

  @Test
  void emptyFilesHaveNoRowsAndNoProblems() throws IOException {
    write("a.jsonl", "");
    write("b.csv", "");
    write("c.json", "[]");
    write("d.csv", "question,answer\n");
    for (String name : List.of("a.jsonl", "b.csv", "c.json", "d.csv")) {
      Collected read = read(name);
      assertThat(read.rows).as(name).isEmpty();
      assertThat(read.bad).as(name).isEmpty();
    }
  }

  @Test
  void whatTheHandlerThrowsEndsTheReadingUnchanged() throws IOException {
    parquet("a.parquet", 10);
    write("b.jsonl", "{\"a\": 1}\n");
    write("c.csv", "a\n1\n");
    write("d.json", "[{\"a\": 1}]");
    RowHandler stopping =
        row -> {
          throw new IllegalStateException("enough");
        };
    for (String name : List.of("a.parquet", "b.jsonl", "c.csv", "d.json")) {
      assertThatThrownBy(
              () -> splits(name, new Collected()).get(0).read(HADOOP, Set.of(), stopping))
          .as(name)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("enough");
    }
  }
}
