package org.sparklora.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which tokens top-k, top-p and min-p leave. */
class LogitsFloorTest {
  /** Probabilities 0.5, 0.25, 0.125 and four times 0.03125 at temperature 1, not in order. */
  private static final double[] PROBABILITIES = {
    0.03125, 0.5, 0.03125, 0.125, 0.03125, 0.25, 0.03125
  };

  private static SamplingConfig config(float temperature, int topK, float topP, float minP) {
    return new SamplingConfig(1, 1, temperature, topK, topP, minP, 1, Set.of(), 0);
  }

  private static float[] logits(double... probabilities) {
    float[] logits = new float[probabilities.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.log(probabilities[i]);
    }
    return logits;
  }

  @ParameterizedTest(name = "top_k {0}, top_p {1}, min_p {2}")
  @CsvSource({
    "0, 1,    0,    7", // everything
    "1, 1,    0,    1",
    "2, 1,    0,    2",
    "3, 1,    0,    3",
    "9, 1,    0,    7", // more than there are
    "0, 0,    0,    1", // the likeliest always stays
    "0, 0.49, 0,    1",
    "0, 0.51, 0,    2", // 0.5 alone is less than 0.51
    "0, 0.74, 0,    2",
    "0, 0.76, 0,    3",
    "0, 0.9,  0,    7", // equal tokens stay together
    "0, 1,    0.3,  2", // 0.125 < 0.3 · 0.5
    "0, 1,    0.2,  3",
    "0, 1,    1,    1",
    "2, 0.6,  0,    1", // after top_k the likeliest has 2/3
    "3, 0.8,  0,    2", // and after top_k 3 the first two have 6/7
    "2, 1,    0.01, 2"
  })
  void theLikeliestTokensStay(int topK, float topP, float minP, int expected) {
    float[] logits = logits(PROBABILITIES);
    float floor = LogitsFloor.of(logits, config(1, topK, topP, minP));
    int kept = 0;
    for (float logit : logits) {
      kept += logit >= floor ? 1 : 0;
    }
    assertThat(kept).isEqualTo(expected);
  }

  @Test
  void temperatureFlattensBeforeTheFilters() {
    float[] logits = logits(PROBABILITIES);
    // at temperature 2 the probabilities are as √p: 0.707, 0.5, 0.354, 4 · 0.177; 0.31 of 2.268
    assertThat(LogitsFloor.of(logits, config(2, 0, 0.4f, 0))).isEqualTo((float) Math.log(0.25));
    assertThat(LogitsFloor.of(logits, config(2, 0, 1, 0.6f)))
        .isCloseTo((float) (Math.log(0.5) + 2 * Math.log(0.6)), within(1e-6f));
  }

  @Test
  void greedyIgnoresTheFilters() {
    assertThat(LogitsFloor.of(logits(PROBABILITIES), config(0, 2, 0.1f, 0.9f)))
        .isEqualTo(Float.NEGATIVE_INFINITY);
  }

  @Test
  void manyTokensGiveWhatSortingAllOfThemGives() {
    SplittableRandom random = new SplittableRandom(3);
    float[] logits = new float[5000];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (random.nextDouble() * 40 - 20);
    }
    float[] sorted = logits.clone();
    Arrays.sort(sorted);
    for (int k : new int[] {1, 50, 400, 4999}) {
      assertThat(LogitsFloor.of(logits, config(1, k, 1, 0))).isEqualTo(sorted[sorted.length - k]);
    }
    double total = 0;
    for (float logit : sorted) {
      total += Math.exp(logit);
    }
    for (float p : new float[] {0.1f, 0.5f, 0.9f, 0.999f, 0.9999999f}) {
      double sum = 0;
      int i = sorted.length;
      while (sum < p * total) {
        i--;
        sum += Math.exp(sorted[i]);
      }
      assertThat(LogitsFloor.of(logits, config(1, 0, p, 0))).isEqualTo(sorted[i]);
    }
  }

  @Test
  void refusesSettingsOutOfRange() {
    assertThatThrownBy(() -> config(-1, 0, 1, 0)).hasMessageContaining("temperature = -1.0");
    assertThatThrownBy(() -> config(1, -1, 1, 0)).hasMessageContaining("top_k = -1");
    assertThatThrownBy(() -> config(1, 0, 1.1f, 0)).hasMessageContaining("top_p = 1.1");
    assertThatThrownBy(() -> config(1, 0, 1, -0.1f)).hasMessageContaining("min_p = -0.1");
  }
}
