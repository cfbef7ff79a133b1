package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.sparklora.model.engine.EnginesUnderTest.REFERENCE;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.tensor.Tensor;

/** The operations of mixtures of experts, on every engine. */
class ExpertsContractTest {
  private static final long SEED = 20_261_130;

  static Stream<Engine> engines() {
    return EnginesUnderTest.all();
  }

  static Stream<Arguments> enginesAndSizes() {
    return EnginesUnderTest.others()
        .flatMap(
            engine ->
                IntStream.of(1, 2, 37, 300)
                    .boxed()
                    .flatMap(
                        rows ->
                            Stream.of(1, 3, 16, 17, 576)
                                .map(columns -> arguments(engine, rows, columns))));
  }

  @EachEngine
  @MethodSource("enginesAndSizes")
  void rowsAreScaledAndMultiplied(Engine engine, int rows, int columns) {
    try (GuardedTensor a = GuardedTensor.random(engine, SEED, rows, columns);
        GuardedTensor b = GuardedTensor.random(engine, SEED + 1, rows, columns);
        GuardedTensor factors = GuardedTensor.random(engine, SEED + 2, rows);
        GuardedTensor scaled = GuardedTensor.of(engine, a.values(), rows, columns);
        GuardedTensor expected = GuardedTensor.of(engine, a.values(), rows, columns);
        GuardedTensor dots = GuardedTensor.filled(engine, 7, rows);
        GuardedTensor expectedDots = GuardedTensor.filled(engine, 7, rows)) {
      REFERENCE.scaleRows(expected.tensor(), factors.tensor());
      engine.scaleRows(scaled.tensor(), factors.tensor());
      scaled.assertCloseTo(expected.values(), 1e-6);
      REFERENCE.dotRows(a.tensor(), b.tensor(), expectedDots.tensor());
      engine.dotRows(a.tensor(), b.tensor(), dots.tensor());
      dots.assertCloseTo(expectedDots.values(), 1e-6 + 1e-7 * columns);
      assertThatThrownBy(() -> engine.scaleRows(scaled.tensor(), engine.allocate(rows + 1)))
          .hasMessageContaining("factors");
    }
  }

  /** Hand-computed: e^0 : e^1 : e^2 : e^1 are 1 : 2.718 : 7.389 : 2.718. */
  @EachEngine
  @MethodSource("engines")
  void tokensChooseTheLikeliestExpertsAndOfEqualOnesTheFirst(Engine engine) {
    try (GuardedTensor logits =
        GuardedTensor.of(engine, new float[] {0, 1, 2, 1, -3, -3, -3, -3}, 2, 4)) {
      Routing plain = engine.route(logits.tensor(), new Routing.Rule(2, false));
      Routing renormalised = engine.route(logits.tensor(), new Routing.Rule(2, true));

      assertThat(plain.chosen()).containsExactly(2, 1, 0, 1);
      double sum = 1 + 2 * Math.E + Math.exp(2);
      assertClose(plain.weights(), Math.exp(2) / sum, Math.E / sum, 0.25, 0.25);
      double ofTwo = Math.E + Math.exp(2);
      assertClose(renormalised.weights(), Math.exp(2) / ofTwo, Math.E / ofTwo, 0.5, 0.5);
      // expert 0 has a row of token 1, expert 1 of both tokens, expert 2 of token 0
      assertThat(plain.rows()).containsExactly(2, 1, 3, 0);
      assertThat(plain.starts()).containsExactly(0, 1, 3, 4, 4);
      assertThatThrownBy(() -> engine.route(logits.tensor(), new Routing.Rule(5, false)))
          .hasMessageContaining("5");
    }
  }

  @EachEngine
  @MethodSource("engines")
  void anUndefinedLogitLeadsToSomeExpertAndAnUndefinedWeight(Engine engine) {
    try (GuardedTensor logits =
        GuardedTensor.of(
            engine, new float[] {0, Float.NaN, 2, Float.NaN, Float.NaN, Float.NaN}, 2, 3)) {
      Routing routing = engine.route(logits.tensor(), new Routing.Rule(2, true));
      assertThat(routing.chosen()).containsExactly(2, 0, 0, 0);
      assertThat(routing.weights()).containsOnly(Float.NaN);
    }
  }

  /** Against differences of weighted weights and probabilities in each logit. */
  @EachEngine
  @MethodSource("engines")
  void gradientOfLogitsIsTheSlopeOfTheWeights(Engine engine) {
    float[] values = GuardedTensor.randomValues(SEED, 3 * 5);
    for (boolean renormalised : new boolean[] {false, true}) {
      try (GuardedTensor logits = GuardedTensor.of(engine, values, 3, 5);
          GuardedTensor dLogits = GuardedTensor.filled(engine, 7, 3, 5)) {
        Routing routing = engine.route(logits.tensor(), new Routing.Rule(2, renormalised));
        float[] dWeights = {1, -2, 3, 0.5f, 2, -1};
        double[] dEach = {0.3, -0.1, 0, 2, 0.5};

        engine.routeBackward(routing, logits.tensor(), dWeights, dEach, dLogits.tensor());

        float[] slopes = new float[values.length];
        for (int i = 0; i < values.length; i++) {
          double h = 1e-3;
          slopes[i] =
              (float)
                  ((weighted(values, i, h, renormalised, dWeights, dEach)
                          - weighted(values, i, -h, renormalised, dWeights, dEach))
                      / (2 * h));
        }
        dLogits.assertCloseTo(slopes, 1e-3);
      }
    }
  }

  private static double weighted(
      float[] values,
      int place,
      double by,
      boolean renormalised,
      float[] dWeights,
      double[] dEach) {
    float[] moved = values.clone();
    moved[place] += (float) by;
    try (Tensor logits = REFERENCE.allocate(3, 5)) {
      logits.write(0, moved, 0, moved.length);
      Routing routing = REFERENCE.route(logits, new Routing.Rule(2, renormalised));
      double ofEach =
          IntStream.range(0, dEach.length)
              .mapToDouble(e -> dEach[e] * routing.probabilities()[e])
              .sum();
      return ofEach
          + IntStream.range(0, dWeights.length)
              .mapToDouble(row -> dWeights[row] * (double) routing.weights()[routing.rows()[row]])
              .sum();
    }
  }

  /** More tokens than are read at a time. */
  @EachEngine
  @MethodSource("engines")
  void aTokensExpertsDoNotDependOnOtherTokens(Engine engine) {
    int tokens = 5000;
    try (GuardedTensor logits = GuardedTensor.random(engine, SEED, tokens, 6)) {
      Routing all = engine.route(logits.tensor(), new Routing.Rule(2, true));
      for (int n : new int[] {0, 4095, 4096, 4999}) {
        Routing alone = engine.route(logits.tensor().rows(n, n + 1), new Routing.Rule(2, true));
        assertThat(Arrays.copyOfRange(all.chosen(), 2 * n, 2 * n + 2)).isEqualTo(alone.chosen());
        assertThat(Arrays.copyOfRange(all.weights(), 2 * n, 2 * n + 2)).isEqualTo(alone.weights());
      }
    }
  }

  private static void assertClose(float[] actual, double... expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i]).isCloseTo(expected[i], within(1e-7));
    }
  }
}
