package org.sparklora.pipeline.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptTableTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir Path folder;

  private static Prompt prompt(long id, String text, String... columns) {
    Map<String, String> named = columns.length == 0 ? Map.of() : Map.of(columns[0], columns[1]);
    return new Prompt(id, text, new int[] {1, (int) id, 99}, Optional.of("s" + id), named);
  }

  private void write(String name, Prompt... prompts) {
    var file = new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
    try (RowFile<Prompt> writer = PromptTable.create(HADOOP, file)) {
      Arrays.stream(prompts).forEach(writer::write);
    }
  }

  private List<Prompt> read() {
    return PromptTable.read(HADOOP, folder.toString());
  }

  @Test
  void readsWhatWasWrittenInOrderOverFiles() {
    Prompt bare = new Prompt(2, "日本 \uD83D\uDE00", new int[] {150_000}, Optional.empty(), Map.of());
    write(PackedSequenceTable.fileName(1, 2), bare);
    write(PackedSequenceTable.fileName(0, 2), prompt(0, "a"), prompt(1, "b\n", "level", "5"));

    List<Prompt> rows = read();

    assertThat(rows).extracting(Prompt::id).containsExactly(0L, 1L, 2L);
    assertThat(rows).extracting(Prompt::text).containsExactly("a", "b\n", bare.text());
    assertThat(rows.get(1).tokens()).containsExactly(1, 1, 99);
    assertThat(rows.get(1).columns()).containsExactly(Map.entry("level", "5"));
    assertThat(rows.get(1).solution()).contains("s1");
    assertThat(rows.get(2).solution()).isEmpty();
    assertThat(rows.get(2).tokens()).containsExactly(150_000);
    assertThat(rows.get(2).columns()).containsOnlyKeys("level").containsValue(null);
  }

  @Test
  void anotherTableIsNotTakenForPrompts() {
    try (var writer =
        PackedSequenceWriter.create(HADOOP, folder.resolve("a.parquet").toString(), false)) {
      writer.write(new PackedSequence(new int[] {1}, new int[] {1}, new int[] {1}));
    }

    assertThatThrownBy(this::read)
        .isInstanceOf(TableException.class)
        .hasMessageContaining("a.parquet")
        .hasMessageContaining("run prep --task grpo again");
  }

  @Test
  void filesOfTwoTablesInOneFolderAreRefused() {
    write("a.parquet", prompt(0, "a"));
    write("b.parquet", prompt(0, "b"));

    assertThatThrownBy(this::read)
        .isInstanceOf(TableException.class)
        .hasMessageContaining("b.parquet: the folder has two prompts of id 0");
  }

  @Test
  void saysWhichFileIsDamaged() throws IOException {
    Prompt[] prompts = new Prompt[500];
    Arrays.setAll(prompts, i -> prompt(i, "What is " + i * i + "?"));
    write("a.parquet", prompts);
    Path file = folder.resolve("a.parquet");
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, 20, 200, (byte) 0x33);
    Files.write(file, bytes);
    Files.deleteIfExists(folder.resolve(".a.parquet.crc"));

    assertThatThrownBy(() -> read())
        .isInstanceOf(TableException.class)
        .hasMessageContaining("a.parquet, row 1");
  }

  @Test
  void aPromptHasTokens() {
    assertThatThrownBy(() -> new Prompt(7, "", new int[0], Optional.empty(), Map.of()))
        .hasMessageContaining("prompt 7");
  }

  @Test
  void columnsKeepTheirTypesAndEachRowHasAllOfThem() {
    Map<String, Object> values = new java.util.TreeMap<>();
    values.put("maybe", null);
    values.put("text", "[1]");
    values.put("whole", 3);
    values.put("share", 0.5);
    values.put("holds", true);
    values.put("list", List.of("a", 2));
    values.put("map", Map.of("k", List.of(Double.NaN, 0.5)));
    values.put("most", Double.NEGATIVE_INFINITY);
    write("a.parquet", prompt(0, "a").with(values), prompt(1, "b", "other", "x"));

    List<Prompt> rows = read();

    assertThat(rows.get(0).values()).containsAllEntriesOf(values).containsEntry("other", null);
    assertThat(rows.get(0).columns())
        .containsEntry("whole", "3")
        .containsEntry("list", "[\"a\",2]");
    assertThat(rows.get(1).values())
        .containsEntry("other", "x")
        .containsEntry("list", null)
        .containsKeys("maybe", "whole");
  }
}
