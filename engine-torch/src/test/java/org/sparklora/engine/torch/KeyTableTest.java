package org.sparklora.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.LongBuffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Branch.Run;

/** What a table holds after steps of decoding. */
class KeyTableTest {
  private final TorchDevice device = TorchDevice.ofProcessorsApart(Optional.empty());

  @Test
  void tablesHaveBlocksInPowersOfTwoAndThreeTimesThose() {
    assertThat(
            List.of(0, 1, 64, 65, 128, 129, 192, 193, 256, 257, 385, 513).stream()
                .map(KeyTable::blocksFor))
        .containsExactly(1, 1, 1, 2, 2, 3, 3, 4, 4, 6, 8, 12);
  }

  /** One row goes on, and a new page begins; the other becomes another text. */
  @Test
  void aRowThatGoesOnGetsItsLastKeyOnTheDevice() {
    try (KeyTable table = new KeyTable(device, 2, 1)) {
      new Scope(1)
          .run(
              () -> {
                table.update(List.of(branch(0, 2, new Run(8, 2)), branch(1, 1, new Run(30, 16))));
                table.update(
                    List.of(
                        branch(0, 3, new Run(8, 2), new Run(40, 16)),
                        branch(1, 2, new Run(50, 16))));
                assertThat(keys(table, 0, 3)).as("before the last key").containsExactly(8, 9, 0);
                table.append(device.longs(2, 1), device.longs(40, 51));
                assertThat(keys(table, 0, 3)).containsExactly(8, 9, 40);
                assertThat(keys(table, 1, 2)).containsExactly(50, 51);
              });
    }
  }

  @Test
  void aRowWhoseWindowMovesIsWrittenAnew() {
    try (KeyTable table = new KeyTable(device, 1, 1)) {
      new Scope(1)
          .run(
              () -> {
                table.update(List.of(branch(0, 3, new Run(8, 3))));
                table.update(List.of(branch(0, 3, new Run(9, 2), new Run(40, 1))));
                assertThat(keys(table, 0, 3)).containsExactly(9, 10, 40);
              });
    }
  }

  private static Branch branch(int query, int keys, Run... runs) {
    return new Branch(query, 1, List.of(runs), keys);
  }

  private static long[] keys(KeyTable table, int row, int count) {
    LongBuffer all = table.keys().select(0, row).narrow(0, 0, count).contiguous().createBuffer();
    long[] keys = new long[count];
    all.get(keys);
    return keys;
  }
}
