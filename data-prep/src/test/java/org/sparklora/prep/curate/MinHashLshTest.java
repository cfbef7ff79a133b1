package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MinHashLshTest {
  private static final int PAIRS = 400;

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.5, 0.8, 0.95})
  void theEstimateHasNoBiasAndTheDeviationOfIndependentFunctions(double jaccard) {
    int size = 190;
    int common = (int) Math.round(2 * size * jaccard / (1 + jaccard));
    double exact = (double) common / (2 * size - common);
    double sum = 0;
    double squares = 0;
    for (int pair = 0; pair < PAIRS; pair++) {
      long[] all = new Random(pair).longs(2L * size - common).toArray();
      double estimate =
          similarity(
              MinHashLsh.signature(Arrays.copyOf(all, size)),
              MinHashLsh.signature(Arrays.copyOfRange(all, size - common, all.length)));
      sum += estimate;
      squares += (estimate - exact) * (estimate - exact);
    }
    double deviation = Math.sqrt(exact * (1 - exact) / MinHashLsh.PERMUTATIONS);
    assertThat(sum / PAIRS).isCloseTo(exact, within(4 * deviation / Math.sqrt(PAIRS)));
    assertThat(Math.sqrt(squares / PAIRS)).isCloseTo(deviation, within(0.2 * deviation));
  }

  @Test
  void aSignatureIsOfTheSetWhateverItsOrder() {
    assertThat(MinHashLsh.signature(new long[] {3, 1, 2}))
        .isEqualTo(MinHashLsh.signature(new long[] {1, 2, 3, 3}));
  }

  /** Values of {@code datasketch.lsh._optimal_param}, version 2.0.0. */
  @ParameterizedTest
  @CsvSource({
    "0.5, 128, 0.5, 0.5, 25, 5",
    "0.7, 128, 0.5, 0.5, 14, 9",
    "0.8, 128, 0.5, 0.5, 9, 13",
    "0.9, 128, 0.5, 0.5, 5, 25",
    "0.8, 256, 0.5, 0.5, 17, 15",
    "0.5, 128, 0.1, 0.9, 32, 4",
    "0.7, 128, 0.1, 0.9, 20, 6",
    "0.8, 128, 0.1, 0.9, 14, 9",
    "0.9, 128, 0.1, 0.9, 8, 16",
  })
  void bandsAreThoseOfDatasketch(
      double threshold, int permutations, double positives, double negatives, int bands, int rows) {
    assertThat(MinHashLsh.optimal(threshold, permutations, positives, negatives))
        .isEqualTo(new MinHashLsh(bands, rows));
  }

  @Test
  void aBucketIsOfItsBandAndTheBandsComponents() {
    int[] signature = MinHashLsh.signature(LongStream.range(0, 50).toArray());
    int[] changed = signature.clone();
    changed[5]++; // the second band of four rows
    MinHashLsh bands = new MinHashLsh(3, 4);
    assertThat(bands.buckets(signature)).hasSize(3).doesNotHaveDuplicates();
    assertThat(bands.buckets(changed)[0]).isEqualTo(bands.buckets(signature)[0]);
    assertThat(bands.buckets(changed)[1]).isNotEqualTo(bands.buckets(signature)[1]);
    int[] equal = new int[12];
    assertThat(bands.buckets(equal)).doesNotHaveDuplicates();
  }

  /** The estimate of the Jaccard similarity: the fraction of equal components. */
  private static double similarity(int[] a, int[] b) {
    int equal = 0;
    for (int p = 0; p < a.length; p++) {
      equal += a[p] == b[p] ? 1 : 0;
    }
    return (double) equal / a.length;
  }
}
