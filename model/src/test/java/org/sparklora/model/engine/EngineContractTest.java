package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.sparklora.model.engine.EnginesUnderTest.REFERENCE;

import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Every implementation against the reference, over awkward widths: the operations on elements and
 * rows. {@link LinearContractTest}, {@link AttentionContractTest} and {@link LogProbsContractTest}
 * have the rest.
 */
class EngineContractTest {
  /** One, and an odd number that is not a multiple of any block. */
  private static final List<Integer> ROWS = List.of(1, 37);

  private static final long SEED = 20_240_607;

  /** A few roundings of numbers up to 2; none of these operations sums. */
  private static final double ELEMENTWISE = 1e-6;

  /**
   * Float sums in another order: a few roundings a term in the worst case, far fewer in practice.
   */
  private static double sumOf(int terms) {
    return 1e-6 + 1e-7 * terms;
  }

  static Stream<Arguments> enginesAndSizes() {
    return enginesRowsAnd(1, 3, 8, 15, 16, 17, 64, 576, 1536);
  }

  static Stream<Arguments> enginesAndHeadSizes() {
    return enginesRowsAnd(2, 6, 16, 32, 64, 128);
  }

  private static Stream<Arguments> enginesRowsAnd(Integer... sizes) {
    return EnginesUnderTest.others()
        .flatMap(
            engine ->
                ROWS.stream()
                    .flatMap(rows -> Stream.of(sizes).map(size -> arguments(engine, rows, size))));
  }

  static Stream<Engine> engines() {
    return EnginesUnderTest.all();
  }

  /** Runs one operation by the reference and by the engine under test, on equal outputs of ones. */
  private static void compare(
      Engine engine,
      int rows,
      int columns,
      double tolerance,
      BiConsumer<Engine, Tensor> operation) {
    try (GuardedTensor expected = GuardedTensor.filled(engine, 1, rows, columns);
        GuardedTensor actual = GuardedTensor.filled(engine, 1, rows, columns)) {
      operation.accept(REFERENCE, expected.tensor());
      operation.accept(engine, actual.tensor());
      actual.assertCloseTo(expected.values(), tolerance);
    }
  }

  @EachEngine
  @MethodSource("enginesAndSizes")
  void copyFillAndAddScaled(Engine engine, int rows, int columns) {
    try (GuardedTensor x = GuardedTensor.random(engine, SEED, rows, columns);
        Tensor half = GuardedTensor.weight(engine, DType.BFLOAT16, SEED, rows, columns)) {
      compare(engine, rows, columns, 0, (k, y) -> k.copy(x.tensor(), y));
      compare(engine, rows, columns, 0, (k, y) -> k.copy(half, y));
      compare(engine, rows, columns, 0, (k, y) -> copyThroughBfloat16(k, x.tensor(), y));
      compare(engine, rows, columns, 0, (k, y) -> k.fill(y, 2.5f));
      compare(engine, rows, columns, ELEMENTWISE, (k, y) -> k.addScaled(x.tensor(), -0.7f, y));
      compare(
          engine,
          rows,
          columns,
          ELEMENTWISE,
          (k, y) -> {
            k.copy(x.tensor(), y);
            k.scale(y, -0.7f);
          });
    }
  }

  @EachEngine
  @MethodSource("engines")
  void squaresAreSummedOverManyChunksAndNone(Engine engine) {
    for (int size : new int[] {0, 1, 17, 2048, 2049, 70_001}) {
      try (GuardedTensor x = GuardedTensor.random(engine, SEED, size)) {
        double expected = REFERENCE.sumOfSquares(x.tensor());
        assertThat(engine.sumOfSquares(x.tensor())).isCloseTo(expected, withinPercentage(1e-4));
      }
    }
    try (GuardedTensor threes = GuardedTensor.filled(engine, 3, 5, 7)) {
      assertThat(engine.sumOfSquares(threes.tensor())).isCloseTo(5 * 7 * 9, withinPercentage(1e-4));
    }
  }

  private static void copyThroughBfloat16(Engine engine, Tensor x, Tensor y) {
    try (Tensor rounded = engine.allocate(DType.BFLOAT16, x.shape())) {
      engine.copy(x, rounded);
      engine.copy(rounded, y);
    }
  }

  @EachEngine
  @MethodSource("enginesAndSizes")
  void biasIsAddedToEveryRowAndItsGradientSumsRows(Engine engine, int rows, int columns) {
    try (GuardedTensor bias = GuardedTensor.random(engine, SEED, columns);
        GuardedTensor dY = GuardedTensor.random(engine, SEED + 1, rows, columns);
        GuardedTensor expected = GuardedTensor.filled(engine, 1, columns);
        GuardedTensor actual = GuardedTensor.filled(engine, 1, columns)) {
      compare(engine, rows, columns, ELEMENTWISE, (k, y) -> k.addBias(y, bias.tensor()));
      REFERENCE.addBiasBackward(dY.tensor(), expected.tensor());
      engine.addBiasBackward(dY.tensor(), actual.tensor());
      actual.assertCloseTo(expected.values(), sumOf(rows));
    }
  }

  @EachEngine
  @MethodSource("enginesAndSizes")
  void embeddingCopiesRowsAndItsGradientAddsThemExceptForPadding(
      Engine engine, int rows, int columns) {
    int[] tokens = IntStream.range(0, rows).map(n -> n * n % 11).toArray(); // with repetitions
    try (GuardedTensor table = GuardedTensor.random(engine, SEED, 11, columns);
        Tensor half = GuardedTensor.weight(engine, DType.BFLOAT16, SEED, 11, columns);
        GuardedTensor dY = GuardedTensor.random(engine, SEED + 1, rows, columns);
        GuardedTensor expected = GuardedTensor.filled(engine, 1, 11, columns);
        GuardedTensor actual = GuardedTensor.filled(engine, 1, 11, columns)) {
      compare(engine, rows, columns, 0, (k, y) -> k.embed(table.tensor(), k.indices(tokens), y));
      compare(engine, rows, columns, 0, (k, y) -> k.embed(half, k.indices(tokens), y));
      REFERENCE.embedBackward(REFERENCE.indices(tokens), 4, dY.tensor(), expected.tensor());
      engine.embedBackward(engine.indices(tokens), 4, dY.tensor(), actual.tensor());
      actual.assertCloseTo(expected.values(), sumOf(rows));
      assertThat(actual.tensor().rows(4, 5).toArray()).containsOnly(1f); // padding: untouched
    }
  }

  @EachEngine
  @MethodSource("enginesAndSizes")
  void rmsNorm(Engine engine, int rows, int columns) {
    try (GuardedTensor x = GuardedTensor.random(engine, SEED, rows, columns);
        GuardedTensor weight = GuardedTensor.random(engine, SEED + 1, columns);
        GuardedTensor expected = GuardedTensor.filled(engine, 0, rows);
        GuardedTensor rstd = GuardedTensor.filled(engine, 0, rows)) {
      // a row of one tiny number has an rstd of up to 1 / √epsilon, and so its error
      double tolerance = 2e-6;
      compare(
          engine,
          rows,
          columns,
          tolerance,
          (k, y) ->
              k.rmsNorm(
                  x.tensor(),
                  weight.tensor(),
                  1e-5f,
                  y,
                  k == REFERENCE ? expected.tensor() : rstd.tensor()));
      rstd.assertCloseTo(expected.values(), 1e-4);
      compare( // in place
          engine,
          rows,
          columns,
          tolerance,
          (k, y) -> {
            k.copy(x.tensor(), y);
            k.rmsNorm(y, weight.tensor(), 1e-5f, y, rstd.tensor());
          });
    }
  }

  @EachEngine
  @MethodSource("enginesAndSizes")
  void rmsNormBackwardAdds(Engine engine, int rows, int columns) {
    try (GuardedTensor x = GuardedTensor.random(engine, SEED, rows, columns);
        GuardedTensor weight = GuardedTensor.random(engine, SEED + 1, columns);
        GuardedTensor dY = GuardedTensor.random(engine, SEED + 2, rows, columns);
        GuardedTensor rstd = GuardedTensor.random(engine, SEED + 3, rows);
        GuardedTensor expected = GuardedTensor.filled(engine, 1, columns);
        GuardedTensor actual = GuardedTensor.filled(engine, 1, columns)) {
      compare(
          engine,
          rows,
          columns,
          sumOf(columns),
          (k, dX) ->
              k.rmsNormBackward(x.tensor(), weight.tensor(), rstd.tensor(), dY.tensor(), dX));
      REFERENCE.rmsNormBackwardWeight(x.tensor(), rstd.tensor(), dY.tensor(), expected.tensor());
      engine.rmsNormBackwardWeight(x.tensor(), rstd.tensor(), dY.tensor(), actual.tensor());
      actual.assertCloseTo(expected.values(), sumOf(rows));
    }
  }

  @EachEngine
  @MethodSource("enginesAndHeadSizes")
  void rotationAgreesAndItsInverseUndoesIt(Engine engine, int rows, int headSize) {
    int[] positions = IntStream.range(0, rows).map(n -> n < 5 ? n : n - 5).toArray();
    try (GuardedTensor cos = GuardedTensor.random(engine, SEED, rows, headSize / 2);
        GuardedTensor sin = GuardedTensor.random(engine, SEED + 1, rows, headSize / 2);
        GuardedTensor x = GuardedTensor.random(engine, SEED + 2, rows, 3L * headSize)) {
      for (boolean inverse : new boolean[] {false, true}) {
        compare(
            engine,
            rows,
            3 * headSize,
            ELEMENTWISE,
            (k, y) -> {
              k.copy(x.tensor(), y);
              k.rotate(y, headSize, cos.tensor(), sin.tensor(), k.indices(positions), inverse);
            });
      }
    }
  }

  @EachEngine
  @MethodSource("enginesAndSizes")
  void swiGluAlsoInPlace(Engine engine, int rows, int columns) {
    gateAlsoInPlace(engine, rows, columns, GateFunction.SILU);
  }

  @EachEngine
  @MethodSource("enginesAndSizes")
  void geGluAlsoInPlace(Engine engine, int rows, int columns) {
    gateAlsoInPlace(engine, rows, columns, GateFunction.GELU_TANH);
  }

  private static void gateAlsoInPlace(Engine engine, int rows, int columns, GateFunction f) {
    try (GuardedTensor gate = wide(engine, rows, columns);
        GuardedTensor up = GuardedTensor.random(engine, SEED + 1, rows, columns);
        GuardedTensor dY = GuardedTensor.random(engine, SEED + 2, rows, columns);
        GuardedTensor dGate = GuardedTensor.filled(engine, 0, rows, columns)) {
      double tolerance = 1e-5; // values reach 30
      compare(engine, rows, columns, tolerance, (k, y) -> k.gate(f, gate.tensor(), up.tensor(), y));
      compare(
          engine,
          rows,
          columns,
          tolerance,
          (k, y) -> {
            k.copy(up.tensor(), y);
            k.gate(f, gate.tensor(), y, y);
          });
      compare( // dUp
          engine,
          rows,
          columns,
          tolerance,
          (k, y) -> {
            k.copy(up.tensor(), y);
            k.copy(gate.tensor(), dGate.tensor());
            k.gateBackwardInPlace(f, dGate.tensor(), y, dY.tensor());
          });
      compare( // dGate
          engine,
          rows,
          columns,
          tolerance,
          (k, y) -> {
            k.copy(gate.tensor(), y);
            k.copy(up.tensor(), dGate.tensor());
            k.gateBackwardInPlace(f, y, dGate.tensor(), dY.tensor());
          });
    }
  }

  /** Values up to ±30, and the extremes where an exponential overflows. */
  private static GuardedTensor wide(Engine engine, int rows, int columns) {
    float[] values = GuardedTensor.randomValues(SEED, rows * columns);
    for (int i = 0; i < values.length; i++) {
      values[i] *= 30;
    }
    values[0] = -200;
    values[values.length - 1] = 0;
    return GuardedTensor.of(engine, values, rows, columns);
  }

  @EachEngine
  @MethodSource("enginesAndSizes")
  void dropoutDrawsTheSameMaskEverywhere(Engine engine, int rows, int columns) {
    try (GuardedTensor x = GuardedTensor.random(engine, SEED, rows, columns)) {
      compare(engine, rows, columns, ELEMENTWISE, (k, y) -> k.dropout(x.tensor(), 0.3f, SEED, y));
      compare(
          engine,
          rows,
          columns,
          ELEMENTWISE,
          (k, dX) -> k.dropoutBackward(x.tensor(), 0.3f, SEED, dX));
      compare(engine, rows, columns, 0, (k, y) -> k.dropout(x.tensor(), 0, SEED, y));
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

  @EachEngine
  @MethodSource("engines")
  void refusesShapesThatDoNotFit(Engine engine) {
    try (Tensor x = engine.allocate(2, 3);
        Tensor w = engine.allocate(5, 4);
        Tensor y = engine.allocate(2, 5)) {
      assertThatThrownBy(() -> engine.matmul(x, w, y))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("inputs FLOAT32(2, 3)")
          .hasMessageContaining("(N, in)");
      assertThatThrownBy(
              () -> engine.embed(w, engine.indices(new int[] {0, 5}), engine.allocate(2, 4)))
          .hasMessageContaining("token 5 at place 1 is not below 5");
      assertThatThrownBy(() -> engine.indices(new int[] {0, -1}))
          .hasMessageContaining("index -1 at place 1");
      assertThatThrownBy(() -> engine.dropout(x, 1f, 0, x)).hasMessageContaining("rate 1.0");
    }
  }

  /** A single element anywhere tells, of any type, and large numbers do not. */
  @EachEngine
  @MethodSource("engines")
  void isFiniteFindsWhatIsNot(Engine engine) {
    for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
      for (int size : new int[] {0, 1, 17, 5000}) {
        try (Tensor x = engine.allocate(dtype, size)) {
          float[] values = new float[size];
          Arrays.fill(values, -3e38f);
          x.write(0, values, 0, size);
          assertThat(engine.isFinite(x)).isTrue();
          for (float value :
              new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            for (int at = 0; at < size; at += 1 + size / 3) {
              x.write(at, new float[] {value}, 0, 1);
              assertThat(engine.isFinite(x)).as("%s at %d of %d", value, at, size).isFalse();
              x.write(at, values, 0, 1);
            }
          }
          assertThat(engine.isFinite(x)).isTrue();
        }
      }
    }
  }
}
