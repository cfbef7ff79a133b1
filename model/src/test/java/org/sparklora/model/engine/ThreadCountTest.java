package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/** Executors have other numbers of cores than the driver, and must give the same bits. */
class ThreadCountTest {
  private static final long SEED = 31;
  static final List<Engine> MORE_THREADS =
      List.of(Engines.open("vector", 2), Engines.open("vector", 5), Engines.open("vector", 16));
  static final Engine ONE = Engines.open("vector", 1);

  static Stream<Arguments> products() {
    int[][] sizes = {{700, 603, 1100}, {1300, 96, 250}, {64, 603, 2100}, {7, 50, 600}};
    return Stream.of(sizes)
        .flatMap(
            size ->
                Stream.of(DType.FLOAT32, DType.BFLOAT16)
                    .map(dtype -> arguments(size[0], size[1], size[2], dtype)));
  }

  @ParameterizedTest
  @MethodSource("products")
  void productsAreTheSameOnAnyNumberOfThreads(int rows, int in, int out, DType dtype) {
    float[] expected = products(ONE, rows, in, out, dtype);
    for (Engine engine : MORE_THREADS) {
      assertThat(products(engine, rows, in, out, dtype))
          .as(engine.description())
          .isEqualTo(expected);
    }
  }

  @Test
  void squaresSumToTheSameOnAnyNumberOfThreads() {
    try (GuardedTensor x = GuardedTensor.random(ONE, SEED, 300_001)) {
      double expected = ONE.sumOfSquares(x.tensor());
      for (Engine engine : MORE_THREADS) {
        assertThat(engine.sumOfSquares(x.tensor())).isEqualTo(expected);
      }
    }
  }

  /** A layer's result and both of its gradients. */
  private static float[] products(Engine engine, int rows, int in, int out, DType dtype) {
    try (GuardedTensor x = GuardedTensor.random(engine, SEED, rows, in);
        GuardedTensor dY = GuardedTensor.random(engine, SEED + 1, rows, out);
        Tensor w = GuardedTensor.weight(engine, dtype, SEED + 2, out, in);
        GuardedTensor y = GuardedTensor.filled(engine, 0, rows, out);
        GuardedTensor dX = GuardedTensor.filled(engine, 1, rows, in);
        GuardedTensor dW = GuardedTensor.filled(engine, 1, out, in)) {
      engine.matmul(x.tensor(), w, y.tensor());
      engine.matmulInput(dY.tensor(), w, 0.5f, true, dX.tensor());
      engine.matmulBackwardWeight(dY.tensor(), x.tensor(), 0.5f, dW.tensor());
      return joined(y, dX, dW);
    }
  }

  private static float[] joined(GuardedTensor... tensors) {
    int size = Stream.of(tensors).mapToInt(tensor -> tensor.values().length).sum();
    float[] all = new float[size];
    int start = 0;
    for (GuardedTensor tensor : tensors) {
      float[] values = tensor.values();
      System.arraycopy(values, 0, all, start, values.length);
      start += values.length;
    }
    return all;
  }
}
