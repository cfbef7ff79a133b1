package org.sparklora.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.sparklora.model.engine.EnginesUnderTest.REFERENCE;
import static org.sparklora.model.engine.GateFunction.SILU;

import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.GuardedTensor;
import org.sparklora.model.engine.tensor.Bfloat16;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/** Products whose operands are rounded to bfloat16, against the reference's on rounded operands. */
class Bfloat16ProductsTest {
  private static final long SEED = 11;
  private static final Engine FLOAT32 = EnginesUnderTest.opened("torch:2");
  private static final Engine BFLOAT16 = FLOAT32.withProductsIn(DType.BFLOAT16);

  /** Only the order of float32 sums differs; the operands are the same. */
  private static double tolerance(int terms) {
    return 1e-6 + 1e-6 * Math.sqrt(terms);
  }

  static Stream<Arguments> cases() {
    int[][] shapes = { // N, in, out
      {1, 17, 31}, {7, 300, 16}, {128, 16, 16}, {130, 40, 50}, {257, 576, 192}, {1100, 96, 250}
    };
    return Stream.of(shapes)
        .flatMap(
            shape ->
                Stream.of(DType.FLOAT32, DType.BFLOAT16)
                    .map(type -> arguments(shape[0], shape[1], shape[2], type)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void areThoseOfRoundedOperands(int n, int in, int out, DType type) {
    try (Tensor x = GuardedTensor.weight(FLOAT32, DType.FLOAT32, SEED, n, in);
        Tensor dY = GuardedTensor.weight(FLOAT32, DType.FLOAT32, SEED + 1, n, out);
        Tensor w = GuardedTensor.weight(FLOAT32, type, SEED + 2, out, in);
        Tensor roundedX = rounded(x);
        Tensor roundedDy = rounded(dY);
        Tensor roundedW = rounded(w)) {
      same(
          n,
          out,
          3 * tolerance(in),
          y -> BFLOAT16.matmul(x, w, -2, true, y),
          y -> REFERENCE.matmul(roundedX, roundedW, -2, true, y));
      same(
          n,
          out,
          tolerance(in),
          y -> BFLOAT16.matmul(x, w, y),
          y -> REFERENCE.matmul(roundedX, roundedW, y));
      same(
          n,
          in,
          tolerance(out),
          dX -> BFLOAT16.matmulInput(dY, w, 0.5f, true, dX),
          dX -> REFERENCE.matmulInput(roundedDy, roundedW, 0.5f, true, dX));
      same(
          out,
          in,
          tolerance(n),
          dW -> BFLOAT16.matmulBackwardWeight(dY, x, 0.5f, dW),
          dW -> REFERENCE.matmulBackwardWeight(roundedDy, roundedX, 0.5f, dW));
    }
  }

  private static void same(
      int rows, int columns, double bound, Consumer<Tensor> actual, Consumer<Tensor> expected) {
    try (GuardedTensor a = GuardedTensor.filled(FLOAT32, 1, rows, columns);
        GuardedTensor e = GuardedTensor.filled(FLOAT32, 1, rows, columns)) {
      actual.accept(a.tensor());
      expected.accept(e.tensor());
      a.assertCloseTo(e.values(), bound);
    }
  }

  /** The numbers that bfloat16 keeps of these, in float32. */
  private static Tensor rounded(Tensor x) {
    float[] values = x.toArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = Bfloat16.toFloat(Bfloat16.fromFloat(values[i]));
    }
    Tensor rounded = REFERENCE.allocate(x.shape());
    rounded.write(0, values, 0, values.length);
    return rounded;
  }

  @Test
  void operandsThatTheCallerRoundedGiveTheSameBits() {
    try (Tensor x = GuardedTensor.weight(FLOAT32, DType.FLOAT32, SEED, 300, 64);
        Tensor rounded = BFLOAT16.copyAs(BFLOAT16.operandType(300), x);
        Tensor w = GuardedTensor.weight(FLOAT32, DType.FLOAT32, SEED + 1, 40, 64)) {
      assertThat(rounded.dtype()).isEqualTo(DType.BFLOAT16);
      same(300, 40, 0, y -> BFLOAT16.matmul(x, w, y), y -> BFLOAT16.matmul(rounded, w, y));
    }
  }

  @Test
  void whatProductsReadIsWrittenRounded() {
    try (Tensor x = GuardedTensor.weight(FLOAT32, DType.FLOAT32, SEED, 300, 70);
        Tensor gate = GuardedTensor.weight(FLOAT32, DType.FLOAT32, SEED + 1, 300, 70);
        Tensor weight = GuardedTensor.weight(FLOAT32, DType.FLOAT32, SEED + 2, 1, 70);
        Tensor rstd = FLOAT32.allocate(300);
        Tensor half = BFLOAT16.copyAs(DType.BFLOAT16, x);
        Tensor widened = FLOAT32.copyAs(DType.FLOAT32, half)) {
      assertRounds(y -> BFLOAT16.copy(x, y));
      assertRounds(y -> BFLOAT16.rmsNorm(x, weight, 1e-5f, y, rstd));
      assertRounds(y -> BFLOAT16.gate(SILU, gate, x, y));
      assertRounds(
          y -> BFLOAT16.dropout(y.dtype() == DType.FLOAT32 ? widened : half, 0.25f, SEED, y));
    }
  }

  /** The bfloat16 result is the float32 one, rounded once. */
  private static void assertRounds(Consumer<Tensor> operation) {
    try (Tensor exact = FLOAT32.allocate(300, 70);
        Tensor rounded = FLOAT32.allocate(DType.BFLOAT16, 300, 70)) {
      operation.accept(exact);
      operation.accept(rounded);
      try (Tensor expected = FLOAT32.copyAs(DType.BFLOAT16, exact)) {
        assertThat(rounded.toArray()).isEqualTo(expected.toArray());
      }
    }
  }
}
