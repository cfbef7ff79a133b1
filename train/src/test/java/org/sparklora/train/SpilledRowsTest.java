package org.sparklora.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.table.PackedSequence;

class SpilledRowsTest {
  @TempDir Path folder;

  @Test
  @DisabledOnOs(
      value = OS.WINDOWS,
      disabledReason = "an open file keeps its name there until it is closed")
  void aProcessThatIsKilledLeavesNoFile() {
    try (SpilledRows rows = SpilledRows.create(folder, 10)) {
      rows.add(new PackedSequence(new int[] {1, 2, 3}, new int[] {-100, 2, 3}, new int[] {1, 2}));

      assertThat(folder).isEmptyDirectory();
      assertThat(rows.row(0).inputIds()).containsExactly(1, 2, 3);
      assertThat(rows.row(0).seqLengths()).containsExactly(1, 2);
    }
  }
}
