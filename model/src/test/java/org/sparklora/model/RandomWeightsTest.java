package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

class RandomWeightsTest {
  private static float[] numbers(Engine engine, DType dtype, long... shape) {
    try (Tensor tensor = new RandomWeights(engine, 7).of(dtype, shape)) {
      float[] numbers = new float[(int) tensor.size()];
      tensor.read(0, numbers, 0, numbers.length);
      return numbers;
    }
  }

  @Test
  void matricesAreOfEitherSignAndTheSameOnEveryEngine() {
    try (Engine vector = Engines.open("vector", 1);
        Engine reference = Engines.open("reference", 1)) {
      float[] numbers = numbers(vector, DType.FLOAT32, 64, 32);
      assertThat(numbers).isEqualTo(numbers(reference, DType.FLOAT32, 64, 32));
      int positive = 0;
      for (float number : numbers) {
        assertThat(Math.abs(number)).isEqualTo(RandomWeights.DEVIATION);
        positive += number > 0 ? 1 : 0;
      }
      assertThat(positive).isBetween(900, 1150);
      assertThat(numbers(vector, DType.BFLOAT16, 8, 4)).hasSize(32).doesNotContain(0f);
      assertThat(numbers(vector, DType.BFLOAT16, 3)).containsExactly(1, 1, 1);
    }
  }
}
