package org.sparklora.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SymbolsTest {

  @Test
  void shortAndLongPiecesMergeAsTheDefinitionSays() {
    Random random = new Random(3);
    for (int round = 0; round < 400; round++) {
      MergeTable table = randomTable(random);
      int length = 1 + random.nextInt(round % 2 == 0 ? 40 : 400);
      int[] letters = random.ints(length, 0, 4).toArray();

      assertThat(merged(table, letters)).isEqualTo(byDefinition(table, letters));
    }
  }

  @Test
  void placesFollowTheMergesAndWhatWasPassedOver() {
    MergeTable table = new MergeTable(1);
    table.put(0, 1, 0, 2);
    Symbols symbols = new Symbols();
    symbols.add(0, 1);
    symbols.skip(2);
    symbols.add(1, 3);
    symbols.add(0, 1);

    symbols.mergeAll(table);

    assertThat(symbols.size()).isEqualTo(2);
    assertThat(symbols.start(0)).isZero();
    assertThat(symbols.end(0)).isEqualTo(6);
    assertThat(symbols.end(1)).isEqualTo(7);
  }

  /** Merges of random pairs, of letters and of earlier results. */
  private static MergeTable randomTable(Random random) {
    MergeTable table = new MergeTable(40);
    for (int rank = 0; rank < 40; rank++) {
      table.put(random.nextInt(4 + rank), random.nextInt(4 + rank), rank, 4 + rank);
    }
    return table;
  }

  private static List<Integer> merged(MergeTable table, int[] letters) {
    Symbols symbols = new Symbols();
    for (int letter : letters) {
      symbols.add(letter, 1);
    }
    symbols.mergeAll(table);
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < symbols.size(); i++) {
      ids.add(symbols.id(i));
    }
    assertThat(symbols.end(symbols.size() - 1)).isEqualTo(letters.length);
    return ids;
  }

  private static List<Integer> byDefinition(MergeTable table, int[] letters) {
    List<Integer> ids = new ArrayList<>();
    for (int letter : letters) {
      ids.add(letter);
    }
    while (true) {
      int best = -1;
      int lowest = MergeTable.NONE;
      for (int i = 0; i + 1 < ids.size(); i++) {
        int merge = table.find(ids.get(i), ids.get(i + 1));
        if (merge < lowest) {
          lowest = merge;
          best = i;
        }
      }
      if (best < 0) {
        return ids;
      }
      ids.set(best, table.merged(lowest));
      ids.remove(best + 1);
    }
  }
}
