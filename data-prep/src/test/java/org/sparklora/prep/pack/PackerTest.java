package org.sparklora.prep.pack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PackerTest {

  static Stream<Packer> packers() {
    return Stream.of(1, 2, 7, 64, 100)
        .flatMap(
            length ->
                Stream.concat(
                    Stream.of(new Packer.OneDocumentARow()),
                    Arrays.stream(PackingStrategy.values()).map(s -> s.packer(length))));
  }

  @ParameterizedTest
  @MethodSource("packers")
  void placesEveryTokenExactlyOnceAndNeverOverfills(Packer packer) {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      int[] lengths = random.ints(random.nextInt(200), 0, 150).toArray();

      List<RowPlan> rows = packer.plan(lengths);

      boolean[][] placed = new boolean[lengths.length][];
      Arrays.setAll(placed, d -> new boolean[lengths[d]]);
      for (RowPlan row : rows) {
        assertThat(row.tokens()).isBetween(1, capacity(packer));
        place(row, placed);
      }
      for (int d = 0; d < lengths.length; d++) {
        int kept = truncates(packer) ? Math.min(lengths[d], capacity(packer)) : lengths[d];
        for (int t = 0; t < lengths[d]; t++) {
          assertThat(placed[d][t]).as("document %d token %d", d, t).isEqualTo(t < kept);
        }
      }
    }
  }

  private static void place(RowPlan row, boolean[][] placed) {
    for (RowPlan.Piece piece : row.pieces()) {
      assertThat(piece.length()).isPositive();
      for (int t = piece.start(); t < piece.start() + piece.length(); t++) {
        assertThat(placed[piece.document()][t])
            .as("document %d token %d placed twice", piece.document(), t)
            .isFalse();
        placed[piece.document()][t] = true;
      }
    }
  }

  private static int capacity(Packer packer) {
    if (packer instanceof BestFitDecreasing bfd) {
      return bfd.maxLength();
    }
    return packer instanceof Packer.Wrapped wrapped ? wrapped.maxLength() : Integer.MAX_VALUE;
  }

  private static boolean truncates(Packer packer) {
    return packer instanceof BestFitDecreasing bfd && !bfd.splits();
  }

  @Test
  void bestFitPrefersTheTightestRowAndTheOldestAmongEquals() {
    // Longest first: both 6s open rows (room 4 each), 3 goes to the row opened first, 1 to the
    // tighter one.
    List<RowPlan> rows = new BestFitDecreasing(10, false).plan(new int[] {3, 6, 6, 1});
    assertThat(rows).hasSize(2);
    assertThat(documents(rows.get(0))).containsExactly(1, 0, 3);
    assertThat(documents(rows.get(1))).containsExactly(2);
  }

  @Test
  void splitKeepsTheRestOfALongDocument() {
    List<RowPlan> rows = new BestFitDecreasing(4, true).plan(new int[] {5, 2, 3, 1});
    // Pieces: 4 and 1 of document 0, then 2, 3, 1: as in the example of TRL's documentation.
    assertThat(rows.stream().map(RowPlan::seqLengths))
        .containsExactly(new int[] {4}, new int[] {3, 1}, new int[] {2, 1});
    assertThat(documents(rows.get(1))).containsExactly(2, 0);
    assertThat(rows.get(1).pieces()).extracting(RowPlan.Piece::start).containsExactly(0, 4);
  }

  private static int[] documents(RowPlan row) {
    return row.pieces().stream().mapToInt(RowPlan.Piece::document).toArray();
  }

  @Test
  void wrappedRowsKnowNoDocuments() {
    List<RowPlan> rows = new Packer.Wrapped(4).plan(new int[] {3, 0, 3});
    assertThat(rows.stream().map(RowPlan::seqLengths))
        .containsExactly(new int[] {4}, new int[] {2});
  }

  @Test
  void noDocumentsGiveNoRows() {
    assertThat(packers().map(p -> p.plan(new int[0]))).allMatch(List::isEmpty);
  }
}
