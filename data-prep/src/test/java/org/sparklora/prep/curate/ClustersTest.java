package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ClustersTest {
  private static Map<Long, Long> labels(long... ends) {
    Clusters clusters = new Clusters();
    for (int i = 0; i < ends.length; i += 2) {
      clusters.connect(ends[i], ends[i + 1]);
    }
    Map<Long, Long> labels = new TreeMap<>();
    clusters.labels(labels::put);
    return labels;
  }

  @Test
  void aClusterHasTheNumberOfItsFirstRow() {
    assertThat(labels(5, 9, 9, 7, 1, 2)).isEqualTo(Map.of(1L, 1L, 2L, 1L, 5L, 5L, 7L, 5L, 9L, 5L));
    assertThat(labels()).isEmpty();
  }

  @Test
  void areTheSameInAnyOrderOfManyPairs() {
    long[] chain = new long[20_000];
    for (int i = 0; i < chain.length; i += 2) {
      chain[i] = 1 + i / 2;
      chain[i + 1] = i / 2;
    }
    Map<Long, Long> labels = labels(chain);
    assertThat(labels.values()).containsOnly(0L);
    Random random = new Random(1);
    for (int i = chain.length / 2 - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      for (int end = 0; end < 2; end++) {
        long swapped = chain[2 * i + end];
        chain[2 * i + end] = chain[2 * j + end];
        chain[2 * j + end] = swapped;
      }
    }
    assertThat(labels(chain)).isEqualTo(labels);
  }
}
