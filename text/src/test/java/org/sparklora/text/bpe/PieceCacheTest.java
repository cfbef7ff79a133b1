package org.sparklora.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PieceCacheTest {
  private final PieceCache cache = new PieceCache();

  @Test
  void aPieceIsItsBytesAndItsLength() {
    byte[] text = new byte[64]; // zeros, which also fill a short piece's words
    for (int length = 1; length < 40; length++) {
      assertThat(find(text, 0, length)).isNull();
      put(length);
    }
    for (int length = 1; length < 40; length++) {
      assertThat(find(text, 64 - length, 64)).isEqualTo(length <= 31 ? new int[] {length} : null);
    }
  }

  @Test
  void givesOnlyWhatWasPutForThePiece() {
    Random random = new Random(5);
    Map<String, int[]> tokens = new HashMap<>();
    int found = 0;
    for (int round = 0; round < 500_000; round++) {
      byte[] piece = Integer.toString(random.nextInt(200_000), 2 + random.nextInt(30)).getBytes();
      int[] expected =
          tokens.computeIfAbsent(
              new String(piece), p -> random.ints(p.length() % 10, 0, 1000).toArray());
      int[] actual = find(piece, 0, piece.length);
      if (actual == null) {
        put(expected);
      } else {
        found++;
        assertThat(actual).isEqualTo(expected);
      }
    }
    assertThat(found).isGreaterThan(1000);
  }

  private void put(int... tokens) {
    Symbols symbols = new Symbols();
    Arrays.stream(tokens).forEach(id -> symbols.add(id, 1));
    cache.put(symbols);
  }

  private int[] find(byte[] text, int start, int end) {
    IntBuffer found = new IntBuffer();
    return cache.copy(text, start, end, found) ? found.toArray() : null;
  }
}
