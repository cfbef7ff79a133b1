package org.sparklora.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sparklora.model.engine.GateFunction.SILU;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.GuardedTensor;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.TokenScores;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * All that decoding computes besides attention, row by row and together: to the last bit the same.
 */
class IndependentRowsTest {
  private static final long SEED = 8;
  private static final int ROWS = Products.INDEPENDENT_ROWS;

  /** Of whole vocabularies, which are long enough to be divided among threads. */
  private static final int FEW_ROWS = 17;

  private interface Operation {
    /**
     * @param x some rows, whose first is number {@code from} of all
     * @param y receives the result
     */
    void run(Engine engine, Tensor x, int from, Tensor y);
  }

  static Stream<Engine> engines() {
    return Stream.of("torch:1", "torch:2").map(EnginesUnderTest::opened);
  }

  private static void check(Engine engine, int columns, int results, Operation operation) {
    check(engine, ROWS, columns, results, operation);
  }

  private static void check(
      Engine engine, int most, int columns, int results, Operation operation) {
    try (GuardedTensor x = GuardedTensor.random(engine, SEED, most, columns);
        GuardedTensor y = GuardedTensor.filled(engine, 0, most, results)) {
      operation.run(engine, x.tensor(), 0, y.tensor());
      float[] expected = y.values();
      for (int rows : new int[] {1, 2, 3, 5, 16, 17, 63, 64, 65, 100}) {
        for (int from : new int[] {0, 1, 7, most - rows}) {
          if (from >= 0 && from + rows <= most) {
            operation.run(
                engine,
                x.tensor().rows(from, from + rows),
                from,
                y.tensor().rows(from, from + rows));
          }
          assertThat(y.values()).as("%d rows from %d", rows, from).isEqualTo(expected);
        }
      }
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void ofNorms(Engine engine) {
    for (int columns : new int[] {16, 48, 64, 576, 1000}) {
      try (GuardedTensor weight = GuardedTensor.random(engine, SEED, columns);
          Tensor rstd = engine.allocate(ROWS)) {
        check(
            engine,
            columns,
            columns,
            (e, x, from, y) -> e.rmsNorm(x, weight.tensor(), 1e-6f, y, rstd.view(from, x.rows())));
      }
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void ofGates(Engine engine) {
    for (int columns : new int[] {16, 50, 64, 576, 1001}) {
      check(engine, columns, columns, (e, x, from, y) -> e.gate(SILU, x, x, y));
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void ofRotation(Engine engine) {
    int[] positions = IntStream.range(0, ROWS).map(n -> 3 * n % 50).toArray();
    for (int headSize : new int[] {16, 32, 64, 128}) {
      try (GuardedTensor cos = GuardedTensor.random(engine, SEED + 1, 50, headSize / 2);
          GuardedTensor sin = GuardedTensor.random(engine, SEED + 2, 50, headSize / 2)) {
        check(
            engine,
            3 * headSize,
            3 * headSize,
            (e, x, from, y) -> {
              e.copy(x, y);
              int[] own = Arrays.copyOfRange(positions, from, from + x.rows());
              try (Indices indices = e.indices(own)) {
                e.rotate(y, headSize, cos.tensor(), sin.tensor(), indices, false);
              }
            });
      }
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void ofLinearLayers(Engine engine) {
    int[][] shapes = {{64, 64}, {64, 32}, {64, 16}, {64, 4}, {4, 64}, {128, 64}, {64, 512}};
    for (int[] shape : shapes) {
      for (DType dtype : new DType[] {DType.FLOAT32, DType.BFLOAT16}) {
        try (Tensor w = GuardedTensor.weight(engine, dtype, SEED + 1, shape[1], shape[0])) {
          check(engine, shape[0], shape[1], (e, x, from, y) -> e.matmul(x, w, y));
        }
      }
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void ofLogProbs(Engine engine) {
    for (int vocabulary : new int[] {512, 50_000}) {
      check(
          engine,
          FEW_ROWS,
          vocabulary,
          1,
          (e, x, from, y) -> {
            int rows = x.rows();
            try (TokenScores scores = TokenScores.allocate(e, rows, vocabulary);
                Indices targets = e.indices(new int[rows])) {
              e.tokenLogProbs(x, targets, 0.7f, scores);
              e.copy(scores.logProbs(), y);
            }
          });
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void ofDraws(Engine engine) {
    SamplingRule rule = new SamplingRule(0.7f, 40, 0.9f, 0.01f, 1);
    check(
        engine,
        FEW_ROWS,
        50_000,
        1,
        (e, x, from, y) -> {
          double[] uniforms =
              IntStream.range(from, from + x.rows()).mapToDouble(n -> n / 200.0).toArray();
          float[] logProbs = e.sample(x, rule, uniforms, List.of()).logProbs();
          y.write(0, logProbs, 0, logProbs.length);
        });
  }
}
