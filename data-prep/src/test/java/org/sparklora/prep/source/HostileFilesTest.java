package org.sparklora.prep.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.source.BadRowException.Reason;

/** Files that are not what their names say: each says which file, where, and what to do. */
class HostileFilesTest {
  private static final Configuration HADOOP = new Configuration();
  private static final MessageType TEXTS =
      MessageTypeParser.parseMessageType("message m { required binary text (STRING); }");

  @TempDir Path folder;

  private record Read(List<Object> texts, List<BadRowException> bad) {}

  private Read read(String name) {
    Read read = new Read(new ArrayList<>(), new ArrayList<>());
    RowHandler handler =
        new RowHandler() {
          @Override
          public void row(SourceRow row) {
            read.texts.add(row.values().get("text"));
          }

          @Override
          public void bad(BadRowException problem) {
            read.bad.add(problem);
          }
        };
    List<DatasetFile> files =
        new DatasetFiles(HADOOP).find(folder.resolve(name).toString(), "", "train");
    new DatasetSplits(HADOOP)
        .of(files, read.bad::add)
        .forEach(split -> split.read(HADOOP, Set.of(), handler));
    return read;
  }

  private String problem(String name) {
    List<BadRowException> bad = read(name).bad;
    assertThat(bad).isNotEmpty();
    return bad.get(0).getMessage();
  }

  private void write(String name, String text) throws IOException {
    Files.createDirectories(folder.resolve(name).getParent());
    Files.writeString(folder.resolve(name), text);
  }

  private void parquet(String name, Binary... texts) throws IOException {
    Files.createDirectories(folder.resolve(name).getParent());
    try (ParquetWriter<Group> out =
        ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(folder.resolve(name).toString()))
            .withType(TEXTS)
            .build()) {
      for (Binary text : texts) {
        Group row = new SimpleGroup(TEXTS);
        row.add("text", text);
        out.write(row);
      }
    }
  }

  @Test
  void aParquetFileWithoutRowsAmongOthersIsNoProblem() throws IOException {
    parquet("set/a.parquet");
    parquet("set/b.parquet", Binary.fromString("one"));
    Files.copy(emptyRowGroup(), folder.resolve("set/c.parquet"));
    assertThat(read("set").texts).containsExactly("one");
    assertThat(read("set").bad).isEmpty();
  }

  /** As pyarrow writes an empty table: one row group of no rows. */
  private static Path emptyRowGroup() {
    return Path.of("src/test/resources/parquet/empty_row_group.parquet");
  }

  @Test
  void aCodecThatIsNotHereIsNamed() {
    assertThatThrownBy(
            () ->
                new DatasetSplits(HADOOP)
                    .of(
                        new DatasetFiles(HADOOP)
                            .find("src/test/resources/parquet/brotli.parquet", "", "train"),
                        problem -> {}))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("brotli.parquet")
        .hasMessageContaining("compressed with BROTLI")
        .hasMessageContaining("snappy");
  }

  @Test
  void parquetTextThatIsNoUtf8IsNotReplacedSilently() throws IOException {
    byte[] half = {(byte) 0xED, (byte) 0xA0, (byte) 0x80};
    parquet("a.parquet", Binary.fromString("\uFFFD is fine"), Binary.fromConstantByteArray(half));
    assertThat(read("a.parquet").texts).containsExactly("\uFFFD is fine");
    assertThat(problem("a.parquet")).contains("a.parquet row 1").contains("column text");
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32LE"})
  void otherEncodingsAreNamed(String charset) throws IOException {
    byte[] text = "{\"text\": \"one\"}\n{\"text\": \"two\"}\n".getBytes(charset);
    Files.write(folder.resolve("a.jsonl"), text);
    assertThat(problem("a.jsonl")).contains("a.jsonl line 1").contains("save it as UTF-8");
  }

  @Test
  void csvThatIsNoUtf8IsNotReplacedSilently() throws IOException {
    Files.write(
        folder.resolve("a.csv"), "text\nna\u00efve\n".getBytes(StandardCharsets.ISO_8859_1));
    assertThat(problem("a.csv")).contains("a.csv line").contains("not UTF-8");
  }

  @Test
  void whatFollowsJsonIsRefused() throws IOException {
    write("a.jsonl", "{\"text\": \"one\"}\n{\"text\": \"two\"} x\n{\"text\": \"3\"}{}\n");
    assertThat(read("a.jsonl").texts).containsExactly("one");
    assertThat(read("a.jsonl").bad)
        .extracting(BadRowException::reason)
        .containsExactly(Reason.MALFORMED_ROW, Reason.MALFORMED_ROW);
    write("b.json", "[{\"text\": \"one\"}] [{\"text\": \"two\"}]");
    assertThat(problem("b.json")).contains("something follows the array");
    write("c.json", "[{\"text\": \"one\"}] garbage");
    assertThat(problem("c.json")).contains("garbage");
  }

  @Test
  void aQuoteThatIsNeverClosedSwallowsNoRows() throws IOException {
    write("a.csv", "text,n\none,1\n\"a \"\"b\"\", c\",2\n\"open,3\nfour,4\nfive,5\n");
    Read read = read("a.csv");
    assertThat(read.texts).containsExactly("one", "a \"b\", c");
    assertThat(problem("a.csv")).contains("a.csv line 4").contains("not closed");
    write("b.csv", "text\none\n\"two\nlines\"\nit \"is\" open\" here\n");
    assertThat(read("b.csv").bad).isEmpty();
    assertThat(read("b.csv").texts).hasSize(3);
  }

  @Test
  void halvesOfSurrogatePairsAreNoText() throws IOException {
    write(
        "a.jsonl",
        "{\"text\": \"\\ud83d\\ude00\"}\n{\"text\": [\"x\\ud800\"]}\n{\"text\": \"ok\"}\n");
    assertThat(read("a.jsonl").texts).containsExactly("\uD83D\uDE00", "ok");
    assertThat(problem("a.jsonl")).contains("line 2").contains("\\ud800");
    write("a.json", "[{\"text\": \"one\"}, {\"text\": \"\\udc00\"}, {\"text\": \"two\"}]");
    assertThat(read("a.json").texts).containsExactly("one", "two");
    assertThat(read("a.json").bad)
        .extracting(BadRowException::reason)
        .containsExactly(Reason.MALFORMED_ROW);
    assertThat(problem("a.json")).contains("a.json element 2").contains("\\udc00");
  }

  @Test
  void aLineThatWouldFillTheMemoryIsNamedAndTheNextIsRead() throws IOException {
    byte[] part = "a b ".repeat(1 << 18).getBytes(StandardCharsets.UTF_8);
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(folder.resolve("a.jsonl.gz")))) {
      out.write("{\"text\": \"one\"}\n{\"text\": \"".getBytes(StandardCharsets.UTF_8));
      for (int i = 0; i < 400; i++) {
        out.write(part);
      }
      out.write("\"}\n{\"text\": \"three\"}\n".getBytes(StandardCharsets.UTF_8));
    }
    assertThat(read("a.jsonl.gz").texts).containsExactly("one", "three");
    assertThat(problem("a.jsonl.gz")).contains("a.jsonl.gz line 2").contains("MiB");
  }

  @Test
  void emptyAndFalseGzipsSayWhatTheyAre() throws IOException {
    write("a.jsonl.gz", "");
    assertThat(problem("a.jsonl.gz")).contains("cut off").doesNotContain("null");
    write("b.jsonl.gz", "{\"text\": \"one\"}");
    assertThat(problem("b.jsonl.gz")).contains("GZIP");
    write("c.csv.gz", "");
    assertThat(problem("c.csv.gz")).contains("c.csv.gz line 1").contains("cut off");
  }

  @Test
  void aColonInANameIsExplained() throws IOException {
    write("a:b.jsonl", "{\"text\": \"one\"}");
    for (String name : List.of("a:b.jsonl", ".")) {
      assertThatThrownBy(() -> read(name))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("colon");
    }
    assertThatThrownBy(() -> new DatasetFiles(HADOOP).find("gsm8k:main", "", "train"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("dataset_name = gsm8k:main")
        .hasMessageContaining("colon");
  }

  @Test
  void tablesOfOtherProgramsAreNotReadAsParquet() throws IOException {
    parquet("lake/t/day=1/a.parquet", Binary.fromString("removed"));
    write("lake/t/_delta_log/00000000000000000000.json", "{}");
    for (String name : List.of("lake", "lake/t", "lake/t/day=1", "lake/t/*/*.parquet")) {
      assertThatThrownBy(() -> read(name))
          .isInstanceOf(TableException.class)
          .hasMessageContaining("Delta Lake")
          .hasMessageContaining("lake/t --dataset_format delta");
    }
    write("lake/rows.jsonl", "{\"text\": \"one\"}");
    assertThat(read("lake/rows.jsonl").texts).containsExactly("one");
  }
}
