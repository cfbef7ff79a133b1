package org.sparklora.pipeline.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.api.recursive.comparison.RecursiveComparisonConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.table.ScoredGeneration.Judged;

/** The tables of a round, written and read. */
class GenerationTableTest {
  private static final Configuration HADOOP = new Configuration();

  /** NaN equals NaN, and no two other numbers equal. */
  private static final RecursiveComparisonConfiguration EXACT =
      RecursiveComparisonConfiguration.builder()
          .withEqualsForType(Double::equals, Double.class)
          .withEqualsForType(Float::equals, Float.class)
          .build();

  private static final float SMALLEST = Float.MIN_VALUE;

  @TempDir private Path folder;

  private static Generation generation(long prompt, int index, String stop) {
    return new Generation(
        new Prompt(
            prompt,
            "Was ist 3 + 4?\n",
            new int[] {1, 2},
            prompt == 0 ? Optional.empty() : Optional.of("7"),
            Map.of("level", "leicht", "größe", "3")),
        index,
        "sieben ☺",
        new int[] {5, 0, 2},
        new float[] {-0.1f, SMALLEST, -3.4e38f},
        stop);
  }

  private String file() {
    return folder.resolve("part-00000.parquet").toUri().toString();
  }

  @Test
  void generationsReadBackToTheLastBit() throws IOException {
    GenerationTable.write(
        HADOOP, file(), List.of(generation(0, 0, "eos"), generation(9_000_000_000L, 1, "length")));

    List<Generation> read = GenerationTable.read(HADOOP, folder.toUri().toString());

    assertThat(read)
        .usingRecursiveFieldByFieldElementComparator(EXACT)
        .containsExactly(generation(0, 0, "eos"), generation(9_000_000_000L, 1, "length"));
    assertThat(read.get(0).isTruncated()).isFalse();
    assertThat(read.get(1).isTruncated()).isTrue();
    try (var files = Files.list(folder)) {
      assertThat(files).as("no hidden checksum").hasSize(1);
    }
  }

  /** Each file that a stage hands to the next could be exchanged for one that parses. */
  @Test
  void aTableThatIsNotTheOneThatWasWrittenIsRefusedByFile() throws IOException {
    String table = folder.toUri().toString();
    GenerationTable.write(HADOOP, file(), List.of(generation(0, 0, "eos")));
    FileList.write(HADOOP, new org.apache.hadoop.fs.Path(table));
    assertThat(GenerationTable.read(HADOOP, table)).hasSize(1);

    Files.delete(folder.resolve("part-00000.parquet"));
    GenerationTable.write(
        HADOOP, file(), List.of(generation(0, 0, "eos"), generation(1, 0, "length")));
    assertThatThrownBy(() -> GenerationTable.read(HADOOP, table))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("part-00000.parquet: it has ")
        .hasMessageContaining("_files.json says")
        .hasMessageContaining("run generate again");

    Files.delete(folder.resolve("part-00000.parquet"));
    GenerationTable.write(HADOOP, file(), List.of(generation(0, 0, "eos")));
    Path more = folder.resolve("part-00001.parquet");
    GenerationTable.write(HADOOP, more.toUri().toString(), List.of(generation(1, 0, "eos")));
    assertThatThrownBy(() -> GenerationTable.read(HADOOP, table))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("part-00001.parquet")
        .hasMessageContaining("does not list it");

    Files.delete(folder.resolve("part-00000.parquet"));
    assertThatThrownBy(() -> GenerationTable.read(HADOOP, table))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("part-00000.parquet: it is missing");

    Files.writeString(folder.resolve("_files.json"), "{\"files\": [");
    assertThatThrownBy(() -> GenerationTable.read(HADOOP, table))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("_files.json: it is damaged");
  }

  @Test
  void whatWasNotJudgedIsStillNotJudged() {
    Map<String, Double> rewards = new LinkedHashMap<>();
    rewards.put("z_first", Double.NaN);
    rewards.put("a_second", 1 / 3.0);
    List<ScoredGeneration> rows =
        List.of(
            new ScoredGeneration(
                generation(1, 0, "eos"),
                rewards,
                new Judged(Verdict.WRONG, "not equal", "7", "8", 0.25),
                Double.NaN,
                -0.1,
                false),
            new ScoredGeneration(
                generation(1, 1, "eos"),
                rewards,
                new Judged(Verdict.SCORED, "", "", "", 0),
                2,
                0,
                true));
    GenerationTable.writeScored(HADOOP, file(), rows);

    List<ScoredGeneration> read = GenerationTable.readScored(HADOOP, folder.toUri().toString());

    assertThat(read).usingRecursiveFieldByFieldElementComparator(EXACT).isEqualTo(rows);
    assertThat(read.get(0).rewards().keySet()).containsExactly("z_first", "a_second");
  }

  @Test
  void anotherTableIsRefused() {
    GenerationTable.write(HADOOP, file(), List.of(generation(1, 0, "eos")));

    assertThatThrownBy(() -> GenerationTable.readScored(HADOOP, folder.toUri().toString()))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("row 1")
        .hasMessageContaining("run reward again");
  }
}
