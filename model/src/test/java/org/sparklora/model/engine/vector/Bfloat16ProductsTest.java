package org.sparklora.model.engine.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.sparklora.model.engine.GateFunction.SILU;

import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.GuardedTensor;
import org.sparklora.model.engine.tensor.Bfloat16;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.engine.vector.Gemm.Matrix;

/** Products whose operands are rounded to bfloat16, against the reference's on rounded operands. */
class Bfloat16ProductsTest {
  private static final long SEED = 11;
  private static final Engine ONE_THREAD = Engines.open("vector", 1);
  private static final Engine THREE_THREADS = Engines.open("vector", 3);

  @AfterAll
  static void close() {
    ONE_THREAD.close();
    THREE_THREADS.close();
  }

  @BeforeEach
  void needsTheInstructions() {
    assumeTrue(CompiledGemm.multipliesBfloat16(), "this CPU does not multiply bfloat16");
  }

  /** Only the order of float32 sums differs; the operands are the same. */
  private static double tolerance(int terms) {
    return 1e-6 + 1e-6 * Math.sqrt(terms);
  }

  static Stream<Arguments> cases() {
    int[][] shapes = { // N, in, out
      {129, 16, 16},
      {129, 17, 31},
      {130, 40, 50},
      {200, 300, 33},
      {257, 576, 192},
      {300, 192, 1100},
      {1100, 96, 250},
      {130, 40, 1100} // terms of dX that are summed in parts
    };
    return Stream.of(ONE_THREAD, THREE_THREADS)
        .flatMap(
            engine ->
                Stream.of(shapes)
                    .flatMap(
                        shape ->
                            Stream.of(DType.FLOAT32, DType.BFLOAT16)
                                .map(
                                    type ->
                                        arguments(
                                            engine.withProductsIn(DType.BFLOAT16),
                                            shape[0],
                                            shape[1],
                                            shape[2],
                                            type))));
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("cases")
  void matmulOverwritesAndMatmulAddAdds(Engine engine, int n, int in, int out, DType type) {
    try (GuardedTensor x = random(SEED, n, in);
        Tensor w = weight(type, out, in);
        GuardedTensor expected = GuardedTensor.filled(engine, Float.NaN, n, out);
        GuardedTensor actual = GuardedTensor.filled(engine, Float.NaN, n, out)) {
      EnginesUnderTest.REFERENCE.matmul(x.tensor(), w, expected.tensor());
      engine.matmul(x.tensor(), w, actual.tensor());
      actual.assertCloseTo(expected.values(), tolerance(in));
      EnginesUnderTest.REFERENCE.matmul(x.tensor(), w, -2f, true, expected.tensor());
      engine.matmul(x.tensor(), w, -2f, true, actual.tensor());
      actual.assertCloseTo(expected.values(), 3 * tolerance(in));
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("cases")
  void backwardAdds(Engine engine, int n, int in, int out, DType type) {
    try (GuardedTensor dY = random(SEED, n, out);
        GuardedTensor x = random(SEED + 2, n, in);
        Tensor w = weight(type, out, in);
        GuardedTensor dX = GuardedTensor.filled(engine, 1, n, in);
        GuardedTensor expectedDx = GuardedTensor.filled(engine, 1, n, in);
        GuardedTensor dW = GuardedTensor.filled(engine, 1, out, in);
        GuardedTensor expectedDw = GuardedTensor.filled(engine, 1, out, in)) {
      EnginesUnderTest.REFERENCE.matmulInput(dY.tensor(), w, 0.5f, true, expectedDx.tensor());
      engine.matmulInput(dY.tensor(), w, 0.5f, true, dX.tensor());
      dX.assertCloseTo(expectedDx.values(), tolerance(out));
      EnginesUnderTest.REFERENCE.matmulBackwardWeight(
          dY.tensor(), x.tensor(), 0.5f, expectedDw.tensor());
      engine.matmulBackwardWeight(dY.tensor(), x.tensor(), 0.5f, dW.tensor());
      dW.assertCloseTo(expectedDw.values(), tolerance(n));
    }
  }

  /** The result in bfloat16 is the float32 result, rounded once; the summand is exact in both. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("cases")
  void roundTheSumOnceWhereTheResultIsBfloat16(Engine engine, int n, int in, int out, DType type) {
    try (GuardedTensor x = random(SEED, n, in);
        GuardedTensor dY = random(SEED, n, out);
        Tensor w = weight(type, out, in);
        Tensor y = GuardedTensor.weight(engine, DType.BFLOAT16, SEED + 3, n, out);
        Tensor exactY = engine.copyAs(DType.FLOAT32, y);
        Tensor dX = engine.allocate(DType.BFLOAT16, n, in);
        Tensor exactDx = engine.allocate(n, in)) {
      engine.matmul(x.tensor(), w, 0.5f, true, y);
      engine.matmul(x.tensor(), w, 0.5f, true, exactY);
      assertRounded(exactY, y);
      engine.matmul(x.tensor(), w, -2f, false, y);
      engine.matmul(x.tensor(), w, -2f, false, exactY);
      assertRounded(exactY, y);
      engine.matmulInput(dY.tensor(), w, 0.5f, false, dX);
      engine.matmulInput(dY.tensor(), w, 0.5f, false, exactDx);
      assertRounded(exactDx, dX);
    }
  }

  /** Half a unit in the last of bfloat16's 8 bits, and the float32 sums' own error. */
  private static void assertRounded(Tensor exact, Tensor rounded) {
    float[] expected = exact.toArray();
    float[] actual = rounded.toArray();
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).isEqualTo(expected[i], within(Math.abs(expected[i]) / 256 + 1e-4f));
    }
  }

  @Test
  void areTheSameOnAnyNumberOfThreads() {
    try (GuardedTensor x = GuardedTensor.random(ONE_THREAD, SEED, 700, 603);
        Tensor w = GuardedTensor.weight(ONE_THREAD, DType.FLOAT32, SEED + 1, 1100, 603);
        GuardedTensor one = GuardedTensor.filled(ONE_THREAD, 0, 700, 1100);
        GuardedTensor three = GuardedTensor.filled(ONE_THREAD, 0, 700, 1100)) {
      ONE_THREAD.withProductsIn(DType.BFLOAT16).matmul(x.tensor(), w, one.tensor());
      THREE_THREADS.withProductsIn(DType.BFLOAT16).matmul(x.tensor(), w, three.tensor());
      assertThat(three.values()).isEqualTo(one.values());
    }
  }

  @Test
  void roundAlphaTimesTheOperandOnce() {
    try (GuardedTensor x = GuardedTensor.filled(ONE_THREAD, 3f, 129, 16);
        Tensor w = GuardedTensor.weight(ONE_THREAD, DType.BFLOAT16, SEED, 16, 16);
        GuardedTensor y = GuardedTensor.filled(ONE_THREAD, 0, 129, 16)) {
      float alpha = 1f / 3f; // 3 · alpha is 1 as a float32, alpha in bfloat16 times 3 is not
      ONE_THREAD.withProductsIn(DType.BFLOAT16).matmul(x.tensor(), w, alpha, true, y.tensor());
      float sum = 0;
      float[] weights = w.toArray();
      for (int i = 0; i < 16; i++) {
        sum += weights[i];
      }
      assertThat(y.values()[0]).isEqualTo(sum, within(1e-5f));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8, 16, 40})
  void operandsThatTheCallerRoundedGiveTheSameBits(int out) {
    Engine engine = THREE_THREADS.withProductsIn(DType.BFLOAT16);
    try (Tensor x = random(SEED, 300, 64).tensor();
        Tensor dY = random(SEED + 1, 300, out).tensor();
        Tensor roundedX = engine.copyAs(engine.operandType(300), x);
        Tensor roundedDy = engine.copyAs(engine.operandType(300), dY);
        Tensor w = weight(DType.FLOAT32, out, 64)) {
      assertThat(roundedX.dtype()).isEqualTo(DType.BFLOAT16);
      double bound = out < 16 ? tolerance(300) : 0; // thin ones are float32 if nothing is rounded
      assertSame(y -> engine.matmul(x, w, y), y -> engine.matmul(roundedX, w, y), bound, 300, out);
      assertSame(
          dX -> engine.matmulInput(dY, w, 0.5f, true, dX),
          dX -> engine.matmulInput(roundedDy, w, 0.5f, true, dX),
          bound,
          300,
          64);
      assertSame(
          dW -> engine.matmulBackwardWeight(dY, x, 0.5f, dW),
          dW -> engine.matmulBackwardWeight(roundedDy, x, 0.5f, dW),
          bound,
          out,
          64);
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("cases")
  void anInputsGradientIsWrittenRounded(Engine engine, int n, int in, int out, DType type) {
    try (GuardedTensor dY = random(SEED, n, out);
        Tensor w = weight(type, out, in);
        Tensor exact = engine.allocate(n, in);
        Tensor expected = engine.allocate(DType.BFLOAT16, n, in);
        Tensor actual = engine.allocate(DType.BFLOAT16, n, in)) {
      engine.matmulInput(dY.tensor(), w, 0.5f, false, exact);
      engine.copy(exact, expected);
      engine.matmulInput(dY.tensor(), w, 0.5f, false, actual);
      assertThat(actual.toArray()).isEqualTo(expected.toArray());
    }
  }

  @Test
  void whatProductsReadIsWrittenRounded() {
    Engine engine = THREE_THREADS.withProductsIn(DType.BFLOAT16);
    try (Tensor x = GuardedTensor.random(engine, SEED, 300, 70).tensor();
        Tensor gate = GuardedTensor.random(engine, SEED + 1, 300, 70).tensor();
        Tensor weight = GuardedTensor.random(engine, SEED + 2, 1, 70).tensor();
        Tensor rstd = engine.allocate(300);
        Tensor half = engine.copyAs(DType.BFLOAT16, x)) {
      assertRounds(y -> engine.copy(x, y));
      assertRounds(y -> engine.rmsNorm(x, weight, 1e-5f, y, rstd));
      assertRounds(y -> engine.gate(SILU, gate, x, y));
      try (Tensor widened = engine.copyAs(DType.FLOAT32, half)) {
        assertRounds(
            y -> engine.dropout(y.dtype() == DType.FLOAT32 ? widened : half, 0.25f, SEED, y));
      }
    }
  }

  @Test
  void engineThatMultipliesFloat32RefusesRoundedOperands() {
    try (Tensor x = ONE_THREAD.allocate(DType.BFLOAT16, 300, 16);
        Tensor w = ONE_THREAD.allocate(16, 16);
        Tensor y = ONE_THREAD.allocate(300, 16)) {
      assertThatThrownBy(() -> ONE_THREAD.matmul(x, w, y))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("matmul: BFLOAT16(300, 16) must be float32");
    }
  }

  private static void assertSame(
      Consumer<Tensor> one, Consumer<Tensor> other, double bound, long rows, long columns) {
    try (GuardedTensor expected = GuardedTensor.filled(ONE_THREAD, 1, rows, columns);
        GuardedTensor actual = GuardedTensor.filled(ONE_THREAD, 1, rows, columns)) {
      one.accept(expected.tensor());
      other.accept(actual.tensor());
      actual.assertCloseTo(expected.values(), bound);
    }
  }

  /** The bfloat16 result is the float32 one, rounded once. */
  private static void assertRounds(Consumer<Tensor> operation) {
    try (Tensor exact = ONE_THREAD.allocate(300, 70);
        Tensor rounded = ONE_THREAD.allocate(DType.BFLOAT16, 300, 70)) {
      operation.accept(exact);
      operation.accept(rounded);
      try (Tensor expected = ONE_THREAD.copyAs(DType.BFLOAT16, exact)) {
        assertThat(rounded.toArray()).isEqualTo(expected.toArray());
      }
    }
  }

  @Test
  void batchesOfAnyNumberOfTokensShareShapes() {
    try (CompiledGemm gemm = new CompiledGemm();
        HostTensor x = HostTensor.allocate(DType.BFLOAT16, 500, 16);
        HostTensor w = HostTensor.allocate(DType.BFLOAT16, 16, 16);
        HostTensor y = HostTensor.allocate(DType.FLOAT32, 500, 16)) {
      for (int tokens = 300; tokens < 500; tokens++) {
        Matrix xs = Matrix.of(x);
        gemm.multiply(tokens, 16, 16, xs, Matrix.of(w).transposed(), Matrix.of(y), false);
        gemm.multiply(16, 16, tokens, xs.transposed(), xs, Matrix.of(y), true);
      }
      assertThat(gemm.compiled()).isLessThanOrEqualTo(2 * (63 + 4)); // of 400
    }
  }

  @Test
  void roundAsScalarsAre() {
    float[] values = new float[1 << 16];
    int[] patterns = {0x3F808000, 0x3F818000, 0x7F800000, 0x7F800001, 0x7FFFFFFF, 0xFF7FFFFF, 1};
    for (int i = 0; i < values.length; i++) {
      int bits = i < patterns.length ? patterns[i] : i * 0x9E3779B1;
      values[i] = Float.intBitsToFloat(bits);
    }
    short[] rounded = new short[values.length];
    WeightRows.round(values, values.length, rounded);
    for (int i = 0; i < values.length; i++) {
      assertThat(rounded[i]).as("%s", values[i]).isEqualTo(Bfloat16.fromFloat(values[i]));
    }
  }

  @Test
  void leaveNothingBehind() {
    long before = NativeMemory.liveBytes();
    Engine engine = Engines.open("vector", 2);
    try (GuardedTensor x = GuardedTensor.random(engine, SEED, 300, 64);
        Tensor w = GuardedTensor.weight(engine, DType.FLOAT32, SEED, 64, 64);
        GuardedTensor y = GuardedTensor.filled(engine, 0, 300, 64)) {
      engine.withProductsIn(DType.BFLOAT16).matmul(x.tensor(), w, y.tensor());
    }
    engine.close();
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  /** Numbers that bfloat16 holds, so that the reference computes with the same. */
  private static GuardedTensor random(long seed, int rows, int columns) {
    GuardedTensor tensor = GuardedTensor.random(ONE_THREAD, seed, rows, columns);
    float[] values = tensor.tensor().toArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = Bfloat16.toFloat(Bfloat16.fromFloat(values[i]));
    }
    tensor.tensor().write(0, values, 0, values.length);
    return tensor;
  }

  private static Tensor weight(DType type, int rows, int columns) {
    Tensor weight = GuardedTensor.weight(ONE_THREAD, DType.BFLOAT16, SEED + 1, rows, columns);
    return type == DType.BFLOAT16 ? weight : ONE_THREAD.copyAs(type, weight);
  }
}
