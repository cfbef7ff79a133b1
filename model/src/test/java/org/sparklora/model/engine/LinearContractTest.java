package org.sparklora.model.engine;

import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.sparklora.model.engine.EnginesUnderTest.REFERENCE;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/** The linear layers of every implementation against the reference's. */
class LinearContractTest {
  private static final long SEED = 7;

  /**
   * Sums of products of numbers below 1: rounding grows with the root of the terms, bounded
   * generously.
   */
  private static double tolerance(int terms) {
    return 1e-6 + 1e-6 * Math.sqrt(terms);
  }

  private static final int[][] SHAPES = { // N, in, out
    {1, 1, 1},
    {1, 3, 8},
    {3, 1, 15},
    {2, 17, 16},
    {8, 15, 17},
    {16, 64, 3},
    {17, 64, 64},
    {65, 33, 129},
    {5, 576, 192},
    {33, 192, 576},
    {130, 40, 50},
    {3, 16, 1536},
    {7, 1536, 24},
    {6, 1601, 45}, // inputs in three blocks, the last one shorter
    {128, 769, 13},
    {129, 8, 31}, // as many terms as are not left to gemm, and one more
    {129, 9, 31},
    {300, 2, 200},
    {300, 200, 2}, // adapters of small ranks: A, and above B
    {613, 576, 1},
    {613, 1, 576},
    {200, 300, 8}
  };

  static Stream<Arguments> enginesAndShapes() {
    return EnginesUnderTest.others()
        .flatMap(
            engine ->
                Stream.of(SHAPES).map(shape -> arguments(engine, shape[0], shape[1], shape[2])));
  }

  /** The shapes with each type of a weight. */
  static Stream<Arguments> cases() {
    return Stream.of(DType.FLOAT32, DType.BFLOAT16, DType.NF4)
        .flatMap(
            type ->
                enginesAndShapes()
                    .map(Arguments::get)
                    .map(of -> arguments(of[0], of[1], of[2], of[3], type)));
  }

  @EachEngine
  @MethodSource("cases")
  void matmulOverwritesAndMatmulAddAdds(Engine engine, int n, int in, int out, DType type) {
    try (GuardedTensor x = GuardedTensor.random(engine, SEED, n, in);
        Tensor w = GuardedTensor.weight(engine, type, SEED + 1, out, in);
        GuardedTensor expected = GuardedTensor.filled(engine, Float.NaN, n, out);
        GuardedTensor actual = GuardedTensor.filled(engine, Float.NaN, n, out)) {
      REFERENCE.matmul(x.tensor(), w, expected.tensor());
      engine.matmul(x.tensor(), w, actual.tensor());
      actual.assertCloseTo(expected.values(), tolerance(in));
      REFERENCE.matmul(x.tensor(), w, -1.5f, true, expected.tensor());
      engine.matmul(x.tensor(), w, -1.5f, true, actual.tensor());
      actual.assertCloseTo(expected.values(), 3 * tolerance(in));
      REFERENCE.matmul(x.tensor(), w, 0.5f, false, expected.tensor());
      engine.matmul(x.tensor(), w, 0.5f, false, actual.tensor());
      actual.assertCloseTo(expected.values(), tolerance(in));
    }
  }

  @EachEngine
  @MethodSource("cases")
  void matmulInputAddsOrOverwrites(Engine engine, int n, int in, int out, DType type) {
    try (GuardedTensor dY = GuardedTensor.random(engine, SEED, n, out);
        Tensor w = GuardedTensor.weight(engine, type, SEED + 1, out, in);
        GuardedTensor expected = GuardedTensor.filled(engine, 0, n, in);
        GuardedTensor overwritten = GuardedTensor.filled(engine, Float.NaN, n, in);
        GuardedTensor added = GuardedTensor.filled(engine, 1, n, in)) {
      REFERENCE.matmulInput(dY.tensor(), w, 0.5f, true, expected.tensor());
      float[] product = expected.values();
      engine.matmulInput(dY.tensor(), w, 0.5f, false, overwritten.tensor());
      overwritten.assertCloseTo(product, tolerance(out));
      engine.matmulInput(dY.tensor(), w, 0.5f, true, added.tensor());
      for (int i = 0; i < product.length; i++) {
        product[i] += 1;
      }
      added.assertCloseTo(product, tolerance(out));
    }
  }

  @EachEngine
  @MethodSource("enginesAndShapes")
  void backwardWeightAdds(Engine engine, int n, int in, int out) {
    try (GuardedTensor dY = GuardedTensor.random(engine, SEED, n, out);
        GuardedTensor x = GuardedTensor.random(engine, SEED + 1, n, in);
        GuardedTensor expected = GuardedTensor.filled(engine, 1, out, in);
        GuardedTensor actual = GuardedTensor.filled(engine, 1, out, in)) {
      REFERENCE.matmulBackwardWeight(dY.tensor(), x.tensor(), 2f, expected.tensor());
      engine.matmulBackwardWeight(dY.tensor(), x.tensor(), 2f, actual.tensor());
      actual.assertCloseTo(expected.values(), 2 * tolerance(n));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"BFLOAT16", "NF4"})
  void aWeightOfSeveralWidenedTilesIsReadWhole(DType type) {
    int in = 1030; // two tiles forward (509 rows each); backward too
    int out = 600;
    Engine engine = EnginesUnderTest.opened("vector:3");
    try (GuardedTensor x = GuardedTensor.random(engine, SEED, 2, in);
        Tensor w = GuardedTensor.weight(engine, type, SEED + 1, out, in);
        GuardedTensor y = GuardedTensor.filled(engine, 0, 2, out);
        GuardedTensor expected = GuardedTensor.filled(engine, 0, 2, out);
        GuardedTensor dX = GuardedTensor.filled(engine, 0, 2, in);
        GuardedTensor expectedDx = GuardedTensor.filled(engine, 0, 2, in)) {
      engine.matmul(x.tensor(), w, y.tensor());
      REFERENCE.matmul(x.tensor(), w, expected.tensor());
      y.assertCloseTo(expected.values(), tolerance(in));
      engine.matmulInput(y.tensor(), w, 0.1f, true, dX.tensor());
      REFERENCE.matmulInput(y.tensor(), w, 0.1f, true, expectedDx.tensor());
      dX.assertCloseTo(expectedDx.values(), 10 * tolerance(out)); // y reaches 30
    }
  }
}
