package org.sparklora.model.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.ShortPointer;
import org.junit.jupiter.api.Test;

class HostTensorTest {

  private static HostTensor counting(long... shape) {
    HostTensor tensor = HostTensor.allocate(DType.FLOAT32, shape);
    for (int i = 0; i < tensor.size(); i++) {
      tensor.write(i, new float[] {i}, 0, 1);
    }
    return tensor;
  }

  @Test
  void newMemoryIsZero() {
    try (Tensor tensor = HostTensor.allocate(DType.FLOAT32, 3, 5)) {
      assertThat(tensor.toArray()).containsOnly(0f).hasSize(15);
      assertThat(tensor.rows()).isEqualTo(3);
      assertThat(tensor.columns()).isEqualTo(5);
    }
  }

  @Test
  void anEmptyTensorHasNoRows() {
    try (Tensor tensor = HostTensor.allocate(DType.FLOAT32, 0, 5)) {
      assertThat(tensor.rows()).isZero();
      assertThat(tensor.toArray()).isEmpty();
    }
  }

  @Test
  void viewsShareStorage() {
    try (Tensor tensor = counting(4, 3)) {
      assertThat(tensor.rows(1, 3).toArray()).containsExactly(3, 4, 5, 6, 7, 8);
      assertThat(tensor.rows(1, 3).rows(1, 2).toArray()).containsExactly(6, 7, 8);
      assertThat(tensor.reshape(2, 6).shape()).containsExactly(2, 6);
      tensor.view(4, 2).write(0, new float[] {-1, -2}, 0, 2);
      assertThat(tensor.rows(1, 2).toArray()).containsExactly(3, -1, -2);
    }
  }

  @Test
  void refusesToReachBeyondItsEnds() {
    try (Tensor tensor = counting(4, 3)) {
      float[] four = new float[4];
      assertThatThrownBy(() -> tensor.read(9, four, 0, 4))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("elements 9 to 13 of FLOAT32(4, 3)");
      assertThatThrownBy(() -> tensor.write(-1, four, 0, 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> tensor.read(0, four, 2, 3))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> tensor.rows(3, 5)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> tensor.rows(2, 1)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> tensor.reshape(5, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("(4, 3) as (5, 2)");
    }
  }

  @Test
  void refusesImpossibleShapes() {
    assertThatThrownBy(() -> HostTensor.allocate(DType.FLOAT32, 2, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("(2, -1)");
    assertThatThrownBy(() -> HostTensor.allocate(DType.FLOAT32, Long.MAX_VALUE, 2))
        .isInstanceOf(ArithmeticException.class);
  }

  @Test
  void closingTwiceFreesOnceAndViewsFreeNothing() {
    Tensor tensor = counting(2, 2);
    Tensor view = tensor.rows(0, 1);
    view.close();
    assertThat(tensor.toArray()).containsExactly(0, 1, 2, 3);
    tensor.close();
    tensor.close();
    assertThatThrownBy(view::toArray)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("freed by close()");
  }

  @Test
  void wrapsMemoryOfOthersFromAByteOffsetOn() {
    try (FloatPointer memory = new FloatPointer(1, 2, 3, 4)) {
      Tensor tensor = HostTensor.wrap(memory, 4, DType.FLOAT32, 3);
      tensor.write(0, new float[] {20}, 0, 1);
      tensor.close();
      assertThat(memory.get(1)).isEqualTo(20);
      assertThat(memory.get(3)).isEqualTo(4);
    }
  }

  @Test
  void widensAndRoundsWhatIsStoredInHalfTheBits() {
    try (ShortPointer memory =
        new ShortPointer((short) 0x3F80, (short) 0xC000, (short) 0x3C00, (short) 0xC000)) {
      Tensor bfloat16 = HostTensor.wrap(memory, 0, DType.BFLOAT16, 2);
      Tensor float16 = HostTensor.wrap(memory, 4, DType.FLOAT16, 2);
      assertThat(bfloat16.toArray()).containsExactly(1, -2);
      assertThat(float16.toArray()).containsExactly(1, -2);
      bfloat16.write(1, new float[] {0, 1 + 0x1p-7f + 0x1p-9f}, 1, 1);
      assertThat(bfloat16.toArray()).containsExactly(1, 1 + 0x1p-7f);
      assertThatThrownBy(() -> float16.write(0, new float[1], 0, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("FLOAT16(2)");
    }
  }
}
