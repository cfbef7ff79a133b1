package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.sparklora.model.engine.EnginesUnderTest.REFERENCE;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/** Log-probabilities of every implementation against the reference's. */
class LogProbsContractTest {
  private static final int ROWS = 5;

  /** Log-sums near 20 carry a rounding of 2e-6 in float; the golden bound of a logit is 1e-4. */
  private static final double TOLERANCE = 6e-6;

  static Stream<Arguments> cases() {
    return EnginesUnderTest.others()
        .flatMap(
            k ->
                IntStream.of(1, 3, 17, 64, 1023, 1025, 49_152, 128_257)
                    .boxed()
                    .flatMap(v -> Stream.of(1f, 0.7f).map(t -> arguments(k, v, t))));
  }

  private record Result(float[] logProbs, float[] logSumExp, float[] entropies, int[] argmax) {
    static Result of(Engine engine, Tensor logits, int[] targets, float temperature) {
      try (TokenScores y = TokenScores.allocate(engine, ROWS, logits.columns());
          Indices labels = engine.indices(targets)) {
        engine.tokenLogProbs(logits, labels, temperature, y);
        return new Result(
            y.logProbs().toArray(),
            y.logSumExp().toArray(),
            y.entropies().toArray(),
            y.argmax().toArray());
      }
    }
  }

  private static GuardedTensor logits(Engine engine, int vocabulary) {
    float[] values = GuardedTensor.randomValues(vocabulary, ROWS * vocabulary);
    for (int i = 0; i < values.length; i++) {
      values[i] *= 12;
    }
    values[vocabulary - 1] = 13; // the largest of row 0, and once more before it
    values[vocabulary / 2] = 13;
    return GuardedTensor.of(engine, values, ROWS, vocabulary);
  }

  @EachEngine
  @MethodSource("cases")
  void forwardAndBackwardAgreeWithReference(Engine engine, int vocabulary, float temperature) {
    int[] targets = IntStream.range(0, ROWS).map(m -> (vocabulary - 1) * m / (ROWS - 1)).toArray();
    float[] dLogProbs = {1, -0.5f, 0, 2, -1e-3f};
    try (GuardedTensor logits = logits(engine, vocabulary);
        GuardedTensor expectedGradient = logits(REFERENCE, vocabulary)) {
      Result expected = Result.of(REFERENCE, expectedGradient.tensor(), targets, temperature);
      Result actual = Result.of(engine, logits.tensor(), targets, temperature);
      GuardedTensor.assertClose(actual.logProbs, expected.logProbs, 1, TOLERANCE);
      GuardedTensor.assertClose(actual.logSumExp, expected.logSumExp, 1, TOLERANCE);
      GuardedTensor.assertClose(actual.entropies, expected.entropies, 1, TOLERANCE);
      assertThat(actual.argmax).isEqualTo(expected.argmax);
      assertThat(actual.argmax[0]).isEqualTo(vocabulary / 2);

      backward(REFERENCE, expectedGradient, targets, temperature, expected.logSumExp, dLogProbs);
      backward(engine, logits, targets, temperature, expected.logSumExp, dLogProbs);
      logits.assertCloseTo(expectedGradient.values(), TOLERANCE);
    }
  }

  private static void backward(
      Engine engine,
      GuardedTensor logits,
      int[] targets,
      float temperature,
      float[] logSumExp,
      float[] dLogProbs) {
    try (GuardedTensor sums = GuardedTensor.of(engine, logSumExp, ROWS);
        GuardedTensor derivatives = GuardedTensor.of(engine, dLogProbs, ROWS);
        Indices labels = engine.indices(targets)) {
      engine.tokenLogProbsBackwardInPlace(
          logits.tensor(), labels, temperature, sums.tensor(), derivatives.tensor());
    }
  }

  static Stream<Engine> engines() {
    return EnginesUnderTest.all();
  }

  @EachEngine
  @MethodSource("engines")
  void logitsOfNoChanceCountForNothing(Engine engine) {
    float[] row = {2, Float.NEGATIVE_INFINITY, 2, -300, Float.NEGATIVE_INFINITY};
    float[] values = new float[ROWS * row.length];
    for (int m = 0; m < ROWS; m++) {
      System.arraycopy(row, 0, values, m * row.length, row.length);
    }
    try (GuardedTensor logits = GuardedTensor.of(engine, values, ROWS, row.length)) {
      Result result = Result.of(engine, logits.tensor(), new int[ROWS], 1);
      assertThat(result.logProbs[0]).isCloseTo((float) -Math.log(2), within(1e-6f));
      assertThat(result.entropies[0]).isCloseTo((float) Math.log(2), within(1e-6f));
    }
  }

  /** A batch whose labels are all ignored has no targets. */
  @EachEngine
  @MethodSource("engines")
  void ofNoTargetsNoScoresArrive(Engine engine) {
    try (TokenScores none = TokenScores.allocate(engine, 0, 40)) {
      TokenScores.Values values = engine.bring(none).await();
      assertThat(values.logProbs()).isEmpty();
      assertThat(values.entropies()).isEmpty();
      assertThat(values.argmax()).isEmpty();
    }
  }

  @EachEngine
  @MethodSource("engines")
  void aLogitThatIsNoNumberIsNotHidden(Engine engine) {
    float[] values = new float[ROWS * 40];
    values[17] = Float.NaN;
    try (GuardedTensor logits = GuardedTensor.of(engine, values, ROWS, 40)) {
      assertThat(Result.of(engine, logits.tensor(), new int[ROWS], 1).logSumExp[0]).isNaN();
    }
  }
}
