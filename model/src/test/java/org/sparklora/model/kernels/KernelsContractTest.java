package org.sparklora.model.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.sparklora.model.kernels.KernelsUnderTest.REFERENCE;

import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every implementation against the reference, over awkward widths: the operations on elements and
 * rows. {@link LinearContractTest}, {@link AttentionContractTest} and {@link LogProbsContractTest}
 * have the rest.
 */
class KernelsContractTest {
  private static final int ROWS = 37; // odd, and not a multiple of any block
  private static final long SEED = 20_240_607;

  /** A few roundings of numbers up to 2; none of these operations sums. */
  private static final double ELEMENTWISE = 1e-6;

  /**
   * Float sums in another order: a few roundings a term in the worst case, far fewer in practice.
   */
  private static double sumOf(int terms) {
    return 1e-6 + 1e-7 * terms;
  }

  static Stream<Arguments> kernelsAndWidths() {
    return KernelsUnderTest.ALL.stream()
        .flatMap(
            kernels ->
                IntStream.of(1, 3, 8, 15, 16, 17, 64, 576, 1536)
                    .mapToObj(width -> arguments(kernels, width)));
  }

  static Stream<Kernels> kernels() {
    return KernelsUnderTest.ALL.stream();
  }

  /**
   * Runs one operation by the reference and by the kernels under test, on equal outputs of ones.
   */
  private static void compare(
      Kernels kernels, int columns, double tolerance, BiConsumer<Kernels, Tensor> operation) {
    try (GuardedTensor expected = GuardedTensor.filled(kernels, 1, ROWS, columns);
        GuardedTensor actual = GuardedTensor.filled(kernels, 1, ROWS, columns)) {
      operation.accept(REFERENCE, expected.tensor());
      operation.accept(kernels, actual.tensor());
      actual.assertCloseTo(expected.values(), tolerance);
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("kernelsAndWidths")
  void copyFillAndAddScaled(Kernels kernels, int columns) {
    try (GuardedTensor x = GuardedTensor.random(kernels, SEED, ROWS, columns);
        Tensor half = GuardedTensor.weight(kernels, DType.BFLOAT16, SEED, ROWS, columns)) {
      compare(kernels, columns, 0, (k, y) -> k.copy(x.tensor(), y));
      compare(kernels, columns, 0, (k, y) -> k.copy(half, y));
      compare(kernels, columns, 0, (k, y) -> copyThroughBfloat16(k, x.tensor(), y));
      compare(kernels, columns, 0, (k, y) -> k.fill(y, 2.5f));
      compare(kernels, columns, ELEMENTWISE, (k, y) -> k.addScaled(x.tensor(), -0.7f, y));
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("kernels")
  void squaresAreSummedOverManyChunksAndNone(Kernels kernels) {
    for (int size : new int[] {0, 1, 17, 2048, 2049, 70_001}) {
      try (GuardedTensor x = GuardedTensor.random(kernels, SEED, size)) {
        double expected = REFERENCE.sumOfSquares(x.tensor());
        assertThat(kernels.sumOfSquares(x.tensor())).isCloseTo(expected, withinPercentage(1e-4));
      }
    }
    try (GuardedTensor threes = GuardedTensor.filled(kernels, 3, 5, 7)) {
      assertThat(kernels.sumOfSquares(threes.tensor()))
          .isCloseTo(5 * 7 * 9, withinPercentage(1e-4));
    }
  }

  private static void copyThroughBfloat16(Kernels kernels, Tensor x, Tensor y) {
    try (Tensor rounded = kernels.allocate(DType.BFLOAT16, x.shape())) {
      kernels.copy(x, rounded);
      kernels.copy(rounded, y);
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("kernelsAndWidths")
  void biasIsAddedToEveryRowAndItsGradientSumsRows(Kernels kernels, int columns) {
    try (GuardedTensor bias = GuardedTensor.random(kernels, SEED, columns);
        GuardedTensor dY = GuardedTensor.random(kernels, SEED + 1, ROWS, columns);
        GuardedTensor expected = GuardedTensor.filled(kernels, 1, columns);
        GuardedTensor actual = GuardedTensor.filled(kernels, 1, columns)) {
      compare(kernels, columns, ELEMENTWISE, (k, y) -> k.addBias(y, bias.tensor()));
      REFERENCE.addBiasBackward(dY.tensor(), expected.tensor());
      kernels.addBiasBackward(dY.tensor(), actual.tensor());
      actual.assertCloseTo(expected.values(), sumOf(ROWS));
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("kernelsAndWidths")
  void embeddingCopiesRowsAndItsGradientAddsThemExceptForPadding(Kernels kernels, int columns) {
    int[] tokens = IntStream.range(0, ROWS).map(n -> n * n % 11).toArray(); // with repetitions
    try (GuardedTensor table = GuardedTensor.random(kernels, SEED, 11, columns);
        Tensor half = GuardedTensor.weight(kernels, DType.BFLOAT16, SEED, 11, columns);
        GuardedTensor dY = GuardedTensor.random(kernels, SEED + 1, ROWS, columns);
        GuardedTensor expected = GuardedTensor.filled(kernels, 1, 11, columns);
        GuardedTensor actual = GuardedTensor.filled(kernels, 1, 11, columns)) {
      compare(kernels, columns, 0, (k, y) -> k.embed(table.tensor(), tokens, y));
      compare(kernels, columns, 0, (k, y) -> k.embed(half, tokens, y));
      REFERENCE.embedBackward(tokens, 4, dY.tensor(), expected.tensor());
      kernels.embedBackward(tokens, 4, dY.tensor(), actual.tensor());
      actual.assertCloseTo(expected.values(), sumOf(ROWS));
      assertThat(actual.tensor().rows(4, 5).toArray()).containsOnly(1f); // padding: untouched
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("kernelsAndWidths")
  void rmsNorm(Kernels kernels, int columns) {
    try (GuardedTensor x = GuardedTensor.random(kernels, SEED, ROWS, columns);
        GuardedTensor weight = GuardedTensor.random(kernels, SEED + 1, columns);
        GuardedTensor expected = GuardedTensor.filled(kernels, 0, ROWS);
        GuardedTensor rstd = GuardedTensor.filled(kernels, 0, ROWS)) {
      // a row of one tiny number has an rstd of up to 1 / √epsilon, and so its error
      double tolerance = 2e-6;
      compare(
          kernels,
          columns,
          tolerance,
          (k, y) ->
              k.rmsNorm(
                  x.tensor(),
                  weight.tensor(),
                  1e-5f,
                  y,
                  k == REFERENCE ? expected.tensor() : rstd.tensor()));
      rstd.assertCloseTo(expected(kernels, expected, rstd), 1e-4);
      compare( // in place
          kernels,
          columns,
          tolerance,
          (k, y) -> {
            k.copy(x.tensor(), y);
            k.rmsNorm(y, weight.tensor(), 1e-5f, y, rstd.tensor());
          });
    }
  }

  private static float[] expected(Kernels kernels, GuardedTensor reference, GuardedTensor own) {
    return kernels == REFERENCE ? own.values() : reference.values();
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("kernelsAndWidths")
  void rmsNormBackwardAdds(Kernels kernels, int columns) {
    try (GuardedTensor x = GuardedTensor.random(kernels, SEED, ROWS, columns);
        GuardedTensor weight = GuardedTensor.random(kernels, SEED + 1, columns);
        GuardedTensor dY = GuardedTensor.random(kernels, SEED + 2, ROWS, columns);
        GuardedTensor rstd = GuardedTensor.random(kernels, SEED + 3, ROWS);
        GuardedTensor expected = GuardedTensor.filled(kernels, 1, columns);
        GuardedTensor actual = GuardedTensor.filled(kernels, 1, columns)) {
      compare(
          kernels,
          columns,
          sumOf(columns),
          (k, dX) ->
              k.rmsNormBackward(x.tensor(), weight.tensor(), rstd.tensor(), dY.tensor(), dX));
      REFERENCE.rmsNormBackwardWeight(x.tensor(), rstd.tensor(), dY.tensor(), expected.tensor());
      kernels.rmsNormBackwardWeight(x.tensor(), rstd.tensor(), dY.tensor(), actual.tensor());
      actual.assertCloseTo(expected.values(), sumOf(ROWS));
    }
  }

  static Stream<Arguments> kernelsAndHeadSizes() {
    return KernelsUnderTest.ALL.stream()
        .flatMap(k -> IntStream.of(2, 6, 16, 32, 64, 128).mapToObj(size -> arguments(k, size)));
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("kernelsAndHeadSizes")
  void rotationAgreesAndItsInverseUndoesIt(Kernels kernels, int headSize) {
    int[] positions = Segments.ofLengths(5, ROWS - 5).positions();
    try (GuardedTensor cos = GuardedTensor.random(kernels, SEED, ROWS, headSize / 2);
        GuardedTensor sin = GuardedTensor.random(kernels, SEED + 1, ROWS, headSize / 2);
        GuardedTensor x = GuardedTensor.random(kernels, SEED + 2, ROWS, 3L * headSize)) {
      for (boolean inverse : new boolean[] {false, true}) {
        compare(
            kernels,
            3 * headSize,
            ELEMENTWISE,
            (k, y) -> {
              k.copy(x.tensor(), y);
              k.rotate(y, headSize, cos.tensor(), sin.tensor(), positions, inverse);
            });
      }
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("kernelsAndWidths")
  void swiGluAlsoInPlace(Kernels kernels, int columns) {
    try (GuardedTensor gate = wide(kernels, SEED, columns);
        GuardedTensor up = GuardedTensor.random(kernels, SEED + 1, ROWS, columns);
        GuardedTensor dY = GuardedTensor.random(kernels, SEED + 2, ROWS, columns);
        GuardedTensor dGate = GuardedTensor.filled(kernels, 0, ROWS, columns)) {
      double tolerance = 1e-5; // values reach 30
      compare(kernels, columns, tolerance, (k, y) -> k.swiGlu(gate.tensor(), up.tensor(), y));
      compare(
          kernels,
          columns,
          tolerance,
          (k, y) -> {
            k.copy(up.tensor(), y);
            k.swiGlu(gate.tensor(), y, y);
          });
      compare( // dUp
          kernels,
          columns,
          tolerance,
          (k, y) -> {
            k.copy(up.tensor(), y);
            k.copy(gate.tensor(), dGate.tensor());
            k.swiGluBackwardInPlace(dGate.tensor(), y, dY.tensor());
          });
      compare( // dGate
          kernels,
          columns,
          tolerance,
          (k, y) -> {
            k.copy(gate.tensor(), y);
            k.copy(up.tensor(), dGate.tensor());
            k.swiGluBackwardInPlace(y, dGate.tensor(), dY.tensor());
          });
    }
  }

  /** Values up to ±30, and the extremes where an exponential overflows. */
  private static GuardedTensor wide(Kernels kernels, long seed, int columns) {
    float[] values = GuardedTensor.randomValues(seed, ROWS * columns);
    for (int i = 0; i < values.length; i++) {
      values[i] *= 30;
    }
    values[0] = -200;
    values[values.length - 1] = 0;
    return GuardedTensor.of(kernels, values, ROWS, columns);
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("kernelsAndWidths")
  void dropoutDrawsTheSameMaskEverywhere(Kernels kernels, int columns) {
    try (GuardedTensor x = GuardedTensor.random(kernels, SEED, ROWS, columns)) {
      compare(kernels, columns, ELEMENTWISE, (k, y) -> k.dropout(x.tensor(), 0.3f, SEED, y));
      compare(
          kernels, columns, ELEMENTWISE, (k, dX) -> k.dropoutBackward(x.tensor(), 0.3f, SEED, dX));
      compare(kernels, columns, 0, (k, y) -> k.dropout(x.tensor(), 0, SEED, y));
    }
  }

  @Test
  void dropoutKeepsTheStatedShareAndFollowsTheSeed() {
    int columns = 10_000;
    try (GuardedTensor ones = GuardedTensor.filled(REFERENCE, 1, columns);
        GuardedTensor first = GuardedTensor.filled(REFERENCE, 0, columns);
        GuardedTensor second = GuardedTensor.filled(REFERENCE, 0, columns)) {
      REFERENCE.dropout(ones.tensor(), 0.25f, 1, first.tensor());
      REFERENCE.dropout(ones.tensor(), 0.25f, 2, second.tensor());
      float[] a = first.values();
      float[] b = second.values();
      assertThat(a).containsOnly(0f, 1 / 0.75f);
      assertThat(IntStream.range(0, columns).filter(i -> a[i] != 0).count())
          .isBetween(7_350L, 7_650L); // 7500 ± 3.5 deviations
      assertThat(IntStream.range(0, columns).filter(i -> a[i] != 0 && b[i] != 0).count())
          .isBetween(5_450L, 5_800L); // independent masks: 0.75² · 10000 ± 3.5 deviations
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("kernels")
  void refusesShapesThatDoNotFit(Kernels kernels) {
    try (Tensor x = kernels.allocate(2, 3);
        Tensor w = kernels.allocate(5, 4);
        Tensor y = kernels.allocate(2, 5)) {
      assertThatThrownBy(() -> kernels.matmul(x, w, y))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("inputs FLOAT32(2, 3)")
          .hasMessageContaining("(N, in)");
      assertThatThrownBy(() -> kernels.embed(w, new int[] {0, 5}, kernels.allocate(2, 4)))
          .hasMessageContaining("token 5 at place 1 is not below 5");
      assertThatThrownBy(() -> kernels.dropout(x, 1f, 0, x)).hasMessageContaining("rate 1.0");
    }
  }

  /** A single element anywhere tells, of any type, and large numbers do not. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("kernels")
  void isFiniteFindsWhatIsNot(Kernels kernels) {
    for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
      for (int size : new int[] {0, 1, 17, 5000}) {
        try (Tensor x = kernels.allocate(dtype, size)) {
          float[] values = new float[size];
          Arrays.fill(values, -3e38f);
          x.write(0, values, 0, size);
          assertThat(kernels.isFinite(x)).isTrue();
          for (float value :
              new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            for (int at = 0; at < size; at += 1 + size / 3) {
              x.write(at, new float[] {value}, 0, 1);
              assertThat(kernels.isFinite(x)).as("%s at %d of %d", value, at, size).isFalse();
              x.write(at, values, 0, 1);
            }
          }
          assertThat(kernels.isFinite(x)).isTrue();
        }
      }
    }
  }
}
