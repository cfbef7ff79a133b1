package org.sparklora.reward.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NumberedTableTest {

  @Test
  void partitionsAreSmallButNotWithoutEnd() {
    assertThat(NumberedTable.partitions(2, 0)).isEqualTo(16);
    assertThat(NumberedTable.partitions(2, 100L << 20)).isEqualTo(100);
    assertThat(NumberedTable.partitions(2, 100L << 30)).isEqualTo(4_000);
    assertThat(NumberedTable.partitions(2, Long.MAX_VALUE)).isEqualTo(4_000);
    assertThat(NumberedTable.partitions(1_000, 100L << 30)).as("of many cores").isEqualTo(8_000);
  }
}
