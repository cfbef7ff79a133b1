package org.sparklora.prep.pack;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.prep.Fixtures;
import org.sparklora.prep.format.TokenizedDocument;

/** TRL's rows, token for token and in TRL's order. */
class PackingGoldenTest {
  /** {@code datasets.map} hands TRL's packer this many documents at a time. */
  private static final int TRL_BATCH = 1000;

  @ParameterizedTest(name = "{0} {1} {2}")
  @CsvSource({
    "p0, bfd, 64", "p0, bfd, 128", "p0, bfd_split, 64", "p0, bfd_split, 128", "p0, wrapped, 64",
    "p0, wrapped, 128", "p1, bfd, 64", "p1, bfd_split, 64", "p1, wrapped, 64", "p2, bfd, 20",
    "p2, wrapped, 20"
  })
  void packsAsTrlDoes(String input, String strategy, int maxLength) throws IOException {
    List<TokenizedDocument> documents =
        Fixtures.lines("packing/%s_input.jsonl.gz".formatted(input)).stream()
            .map(
                d ->
                    new TokenizedDocument(
                        Fixtures.ints(d.get("input_ids")), Fixtures.ints(d.get("labels"))))
            .toList();
    Packer packer = PackingStrategy.valueOf(strategy.toUpperCase(Locale.ROOT)).packer(maxLength);

    List<PackedSequence> rows = new ArrayList<>();
    for (int from = 0; from < documents.size(); from += TRL_BATCH) {
      packer.pack(
          documents.subList(from, Math.min(from + TRL_BATCH, documents.size())),
          new int[0],
          rows::add);
    }

    List<JsonNode> expected =
        Fixtures.lines("packing/%s_%s_%d.jsonl.gz".formatted(input, strategy, maxLength));
    assertThat(rows).hasSameSizeAs(expected);
    for (int i = 0; i < rows.size(); i++) {
      assertRow(rows.get(i), expected.get(i), i);
    }
  }

  private static void assertRow(PackedSequence row, JsonNode expected, int index) {
    assertThat(row.inputIds())
        .as("row %d", index)
        .containsExactly(Fixtures.ints(expected.get("input_ids")));
    if (expected.has("labels")) {
      assertThat(row.labels())
          .as("row %d", index)
          .containsExactly(Fixtures.ints(expected.get("labels")));
    } else {
      assertThat(Fixtures.labelsChecksum(row.labels()))
          .as("labels of row %d", index)
          .isEqualTo(expected.get("labels_checksum").asLong());
    }
    int[] lengths =
        expected.has("seq_lengths")
            ? Fixtures.ints(expected.get("seq_lengths"))
            : new int[] {row.tokens()};
    assertThat(row.seqLengths()).as("row %d", index).containsExactly(lengths);
  }
}
