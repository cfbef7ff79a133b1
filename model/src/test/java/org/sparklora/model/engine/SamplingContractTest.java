package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.tensor.Tensor;

/** Which tokens every implementation draws. */
class SamplingContractTest {
  private static final long SEED = 77;

  /** Log-probabilities of sums in another order and precision, as in LogProbsContractTest. */
  private static final float TOLERANCE = 6e-6f;

  /** Probabilities 0.5, 0.25, 0.125 and four times 0.03125 at temperature 1, not in order. */
  private static final double[] PROBABILITIES = {
    0.03125, 0.5, 0.03125, 0.125, 0.03125, 0.25, 0.03125
  };

  private static SamplingRule rule(float temperature, int topK, float topP, float minP) {
    return new SamplingRule(temperature, topK, topP, minP, 1);
  }

  private static float[] logits(double... probabilities) {
    float[] logits = new float[probabilities.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.log(probabilities[i]);
    }
    return logits;
  }

  private static Draws draw(Engine engine, float[] row, SamplingRule rule, double... uniforms) {
    return draw(engine, row, rule, new int[0], uniforms);
  }

  /** Draws from as many equal rows as there are uniform numbers. */
  private static Draws draw(
      Engine engine, float[] row, SamplingRule rule, int[] seen, double... uniforms) {
    int rows = uniforms.length;
    float[] values = new float[rows * row.length];
    for (int m = 0; m < rows; m++) {
      System.arraycopy(row, 0, values, m * row.length, row.length);
    }
    try (GuardedTensor logits = GuardedTensor.of(engine, values, rows, row.length)) {
      List<int[]> all = IntStream.range(0, rows).mapToObj(m -> seen).toList();
      Draws draws = engine.sample(logits.tensor(), rule, uniforms, all);
      logits.assertCloseTo(values, 0); // left as they are
      return draws;
    }
  }

  private static double[] uniforms(int count) {
    return IntStream.range(0, count).mapToDouble(i -> (i + 0.5) / count).toArray();
  }

  static Stream<Engine> engines() {
    return EnginesUnderTest.all();
  }

  static Stream<Arguments> filters() {
    return engines()
        .flatMap(
            engine ->
                Stream.of(
                    arguments(engine, 0, 1f, 0f, 7), // everything
                    arguments(engine, 1, 1f, 0f, 1),
                    arguments(engine, 2, 1f, 0f, 2),
                    arguments(engine, 3, 1f, 0f, 3),
                    arguments(engine, 9, 1f, 0f, 7), // more than there are
                    arguments(engine, 0, 0f, 0f, 1), // the likeliest always stays
                    arguments(engine, 0, 0.49f, 0f, 1),
                    arguments(engine, 0, 0.51f, 0f, 2), // 0.5 alone is less than 0.51
                    arguments(engine, 0, 0.74f, 0f, 2),
                    arguments(engine, 0, 0.76f, 0f, 3),
                    arguments(engine, 0, 0.9f, 0f, 7), // equal tokens stay together
                    arguments(engine, 0, 1f, 0.3f, 2), // 0.125 < 0.3 · 0.5
                    arguments(engine, 0, 1f, 0.2f, 3),
                    arguments(engine, 0, 1f, 1f, 1),
                    arguments(engine, 2, 0.6f, 0f, 1), // after top_k the likeliest has 2/3
                    arguments(engine, 3, 0.8f, 0f, 2), // and after top_k 3 the first two have 6/7
                    arguments(engine, 2, 1f, 0.01f, 2)));
  }

  @EachEngine
  @MethodSource("filters")
  void theLikeliestTokensStay(Engine engine, int topK, float topP, float minP, int expected) {
    Draws draws = draw(engine, logits(PROBABILITIES), rule(1, topK, topP, minP), uniforms(200));
    assertThat(Arrays.stream(draws.tokens()).distinct().count()).isEqualTo(expected);
    // what is reported is of the whole vocabulary
    for (int m = 0; m < draws.tokens().length; m++) {
      assertThat(draws.logProbs()[m])
          .isCloseTo((float) Math.log(PROBABILITIES[draws.tokens()[m]]), within(TOLERANCE));
    }
  }

  @EachEngine
  @MethodSource("engines")
  void temperatureFlattensBeforeTheFilters(Engine engine) {
    float[] logits = logits(PROBABILITIES);
    // at temperature 2 the probabilities are as √p: 0.707, 0.5, 0.354, 4 · 0.177; 0.31 of 2.268
    assertThat(draw(engine, logits, rule(2, 0, 0.4f, 0), uniforms(200)).tokens())
        .contains(1, 5)
        .containsOnly(1, 5);
    float floor = (float) (Math.log(0.5) + 2 * Math.log(0.6));
    float[] around = {floor - 2e-6f, floor + 2e-6f, (float) Math.log(0.5)};
    assertThat(draw(engine, around, rule(2, 0, 1, 0.6f), uniforms(200)).tokens())
        .contains(1, 2)
        .containsOnly(1, 2);
  }

  @EachEngine
  @MethodSource("engines")
  void greedyIgnoresTheFiltersAndTakesTheFirstOfTheLikeliest(Engine engine) {
    float[] logits = logits(0.1, 0.3, 0.2, 0.3, 0.1);
    Draws draws = draw(engine, logits, rule(0, 2, 0.1f, 0.9f), uniforms(20));
    assertThat(draws.tokens()).containsOnly(1);
    assertThat(draws.logProbs()[0]).isCloseTo((float) Math.log(0.3), within(TOLERANCE));
  }

  /** In ascending order the first token that can be drawn is the filter's bound. */
  @EachEngine
  @MethodSource("engines")
  void manyTokensGiveWhatSortingAllOfThemGives(Engine engine) {
    SplittableRandom random = new SplittableRandom(3);
    float[] logits = new float[5000];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (random.nextDouble() * 40 - 20);
    }
    float[] sorted = logits.clone();
    Arrays.sort(sorted);
    for (int k : new int[] {1, 50, 400, 4999}) {
      assertDrawnFrom(engine, sorted, logits, rule(1, k, 1, 0), sorted[sorted.length - k]);
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
      assertDrawnFrom(engine, sorted, logits, rule(1, 0, p, 0), sorted[i]);
    }
  }

  private static void assertDrawnFrom(
      Engine engine, float[] sorted, float[] shuffled, SamplingRule rule, float floor) {
    assertThat(sorted[draw(engine, sorted, rule, 0).tokens()[0]]).as("%s", rule).isEqualTo(floor);
    int first =
        IntStream.range(0, shuffled.length).filter(i -> shuffled[i] >= floor).min().getAsInt();
    assertThat(draw(engine, shuffled, rule, 0).tokens()[0]).as("%s", rule).isEqualTo(first);
  }

  @EachEngine
  @MethodSource("engines")
  void tokensAreDrawnByTheirProbability(Engine engine) {
    double[] uniforms = {0, 0.099, 0.101, 0.299, 0.301, 0.599, 0.601, 0.999_999_999};
    int[] expected = {0, 0, 1, 1, 2, 2, 3, 3};
    float[] row = new float[4];
    for (int i = 0; i < 4; i++) {
      row[i] = (float) (2 * Math.log((i + 1) / 10.0) + 5); // 0.1, 0.2, 0.3 and 0.4 at temperature 2
    }
    assertThat(draw(engine, row, rule(2, 0, 1, 0), uniforms).tokens()).isEqualTo(expected);

    // without the first two: 0.3 / 0.7 = 0.4286
    assertThat(draw(engine, row, rule(2, 2, 1, 0), 0, 0.428, 0.429, 0.999).tokens())
        .containsExactly(2, 2, 3, 3);
    // only the likeliest
    assertThat(draw(engine, row, rule(2, 1, 1, 0), 0, 0.5, 0.999).tokens()).containsOnly(3);
  }

  @EachEngine
  @MethodSource("engines")
  void drawsFromALargeVocabularyInvertTheDistribution(Engine engine) {
    int vocabulary = 2500; // not whole blocks
    float[] row = GuardedTensor.randomValues(SEED, vocabulary);
    Arrays.fill(row, 2000, vocabulary, -40); // not among the 2000 likeliest
    double[] cumulative = new double[vocabulary];
    double total = 0;
    for (int i = 0; i < 2000; i++) {
      total += Math.exp(row[i]);
      cumulative[i] = total;
    }
    SplittableRandom random = new SplittableRandom(4);
    double[] uniforms = IntStream.range(0, 300).mapToDouble(i -> random.nextDouble()).toArray();
    uniforms[0] = Math.nextDown(1.0);
    int[] tokens = draw(engine, row, rule(1, 2000, 1, 0), uniforms).tokens();
    for (int m = 0; m < tokens.length; m++) {
      assertThat(tokens[m]).isLessThan(2000);
      double upper = cumulative[tokens[m]] / total;
      double lower = tokens[m] == 0 ? 0 : cumulative[tokens[m] - 1] / total;
      // float sums of blocks of probabilities
      assertThat(uniforms[m]).isCloseTo((lower + upper) / 2, within((upper - lower) / 2 + 1e-6));
    }
  }

  @EachEngine
  @MethodSource("engines")
  void seenTokensAreMadeLessLikelyOnceAndReportedAsTheyAre(Engine engine) {
    float[] row = {2, -1, 1.5f, 0.5f};
    float[] penalised = {1, -2, 1.5f, 0.5f}; // tokens 0 and 1, by a penalty of 2
    int[] seen = {0, 1, 0, 0};
    SamplingRule greedy = new SamplingRule(0, 0, 1, 0, 2);
    assertThat(draw(engine, row, greedy, seen, 0).tokens()).containsOnly(2);

    SamplingRule rule = new SamplingRule(0.7f, 0, 1, 0, 2);
    double[] uniforms = uniforms(200);
    Draws actual = draw(engine, row, rule, seen, uniforms);
    Draws expected = draw(engine, penalised, rule(0.7f, 0, 1, 0), uniforms);
    assertThat(actual.tokens()).isEqualTo(expected.tokens());
    double sum = 0;
    for (float logit : row) {
      sum += Math.exp(logit / 0.7);
    }
    for (int m = 0; m < uniforms.length; m++) {
      assertThat(actual.logProbs()[m])
          .isCloseTo((float) (row[actual.tokens()[m]] / 0.7 - Math.log(sum)), within(TOLERANCE));
    }
  }

  @EachEngine
  @MethodSource("engines")
  void marksRowsThatAreNotFinite(Engine engine) {
    float[] values = new float[12];
    values[7] = Float.POSITIVE_INFINITY;
    values[9] = Float.NaN;
    try (GuardedTensor logits = GuardedTensor.of(engine, values, 4, 3)) {
      Draws draws = engine.sample(logits.tensor(), rule(1, 2, 0.9f, 0), new double[4], List.of());
      assertThat(draws.tokens()).containsExactly(0, 0, Draws.NOT_FINITE, Draws.NOT_FINITE);
    }
  }

  @EachEngine
  @MethodSource("engines")
  void refusesWhatDoesNotFit(Engine engine) {
    try (Tensor logits = engine.allocate(2, 3)) {
      assertThatThrownBy(() -> engine.sample(logits, rule(1, 0, 1, 0), new double[3], List.of()))
          .hasMessageContaining("2 rows but uniforms has 3");
      SamplingRule penalty = new SamplingRule(1, 0, 1, 0, 1.1f);
      assertThatThrownBy(() -> engine.sample(logits, penalty, new double[2], List.of()))
          .hasMessageContaining("seen has 0");
      List<int[]> seen = List.of(new int[] {2}, new int[] {0, 3});
      assertThatThrownBy(() -> engine.sample(logits, penalty, new double[2], seen))
          .hasMessageContaining("token 3 at place 1 is not below 3");
    }
  }

  @Test
  void refusesSettingsOutOfRange() {
    assertThatThrownBy(() -> rule(-1, 0, 1, 0)).hasMessageContaining("temperature = -1.0");
    assertThatThrownBy(() -> rule(1, -1, 1, 0)).hasMessageContaining("top_k = -1");
    assertThatThrownBy(() -> rule(1, 0, 1.1f, 0)).hasMessageContaining("top_p = 1.1");
    assertThatThrownBy(() -> rule(1, 0, 1, -0.1f)).hasMessageContaining("min_p = -0.1");
  }
}
