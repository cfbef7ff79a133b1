package org.sparklora.model.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.GoldenModel;
import org.sparklora.model.checkpoint.SafeTensors;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.GuardedTensor;

/** NF4 against bitsandbytes, whose numbers {@code nf4_models.py} wrote. */
class Nf4TensorTest {
  private static final SafeTensors NUMBERS = numbers();
  private static final Engine ENGINE = EnginesUnderTest.REFERENCE;

  /** Relative: two roundings of the mean of scales, which PyTorch sums in float32. */
  private static final float MEAN = 2.4e-7f;

  private static SafeTensors numbers() {
    try {
      return SafeTensors.open(GoldenModel.file("golden/nf4.safetensors"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Stream<String> matrices() {
    return NUMBERS.tensors().keySet().stream()
        .filter(key -> key.endsWith(".w"))
        .map(key -> key.substring(0, key.length() - 2));
  }

  private static Tensor matrix(String name) throws IOException {
    return NUMBERS.map(name + ".w", ENGINE);
  }

  private static float[] floats(String key) throws IOException {
    try (Tensor numbers = NUMBERS.map(key, ENGINE)) {
      return numbers.toArray();
    }
  }

  private static byte[] packed(String name) throws IOException {
    try (NativeMemory memory = NUMBERS.bytes(name + ".packed")) {
      byte[] bytes = new byte[(int) memory.bytes()];
      memory.buffer(0, bytes.length).get(bytes);
      return bytes;
    }
  }

  @ParameterizedTest
  @MethodSource("matrices")
  void codesScalesAndValuesAreThoseOfBitsandbytes(String name) throws IOException {
    try (Tensor w = matrix(name);
        Nf4Tensor quantized = Nf4Tensor.of(w, w.dtype(), false)) {
      byte[] expected = packed(name);
      short[] words = new short[(int) quantized.codes().size()];
      quantized.codes().readBits(0, words, 0, words.length);
      for (int i = 0; i < w.size(); i++) {
        int shift = i % 2 == 0 ? 4 : 0;
        assertThat(words[i / 4] >> (i / 2 % 2 * 8) >> shift & 15)
            .as("code of element %d", i)
            .isEqualTo(expected[i / 2] >> shift & 15);
      }
      assertThat(quantized.scales().toArray()).isEqualTo(floats(name + ".scales"));
      assertThat(quantized.toArray()).isEqualTo(floats(name + ".values"));
    }
  }

  @ParameterizedTest
  @MethodSource("matrices")
  void nestedScalesAreThoseOfBitsandbytesToTheBitGivenTheirMean(String name) throws IOException {
    float[] scales = floats(name + ".scales");
    float[] offset = floats(name + ".offset");
    assertThat(NestedScales.mean(scales)).isCloseTo(offset[0], within(MEAN * offset[0]));
    NestedScales.round(scales, offset[0]);
    assertThat(scales).isEqualTo(floats(name + ".nested_scales"));
  }

  @ParameterizedTest
  @MethodSource("matrices")
  void nestedValuesAreThoseOfBitsandbytesButForTheMeansRounding(String name) throws IOException {
    try (Tensor w = matrix(name);
        Nf4Tensor quantized = Nf4Tensor.of(w, w.dtype(), true)) {
      float largest = floats(name + ".offset")[0];
      float allowed = w.dtype() == DType.BFLOAT16 ? 0x1p-8f : 2 * MEAN;
      assertThat(quantized.toArray())
          .containsExactly(floats(name + ".nested_values"), within(4 * allowed * largest));
    }
  }

  @Test
  void theDynamicMapIsThatOfBitsandbytes() throws IOException {
    assertThat(NestedScales.MAP).isEqualTo(floats("map"));
  }

  @Test
  void partsReadAsTheWhole() {
    float[] values = GuardedTensor.randomValues(1, 7 * 61);
    try (HostTensor w = HostTensor.allocate(DType.FLOAT32, 7, 61)) {
      w.write(0, values, 0, values.length);
      try (Nf4Tensor quantized = Nf4Tensor.of(w, DType.FLOAT32, false)) {
        float[] whole = quantized.toArray();
        for (int from : new int[] {0, 1, 63, 64, 65, 200, 426, 427}) {
          for (int count : new int[] {0, 1, 2, 64, 150}) {
            int some = Math.min(count, whole.length - from);
            float[] part = new float[some + 2];
            quantized.read(from, part, 1, some);
            assertThat(Arrays.copyOfRange(part, 1, 1 + some))
                .isEqualTo(Arrays.copyOfRange(whole, from, from + some));
            assertThat(part[0] + part[some + 1]).isZero();
          }
        }
      }
    }
  }

  @Test
  void memoryIsFreedWhereTheMatrixCannotBeRead() {
    Tensor unreadable =
        new Tensor(DType.FLOAT32, 2, 64) {
          @Override
          public void read(long offset, float[] destination, int from, int count) {
            throw new OutOfMemoryError("this is a test");
          }

          @Override
          public void close() {}
        };
    long before = NativeMemory.liveBytes();
    assertThatThrownBy(() -> Nf4Tensor.of(unreadable, DType.FLOAT32, false))
        .hasMessage("this is a test");
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  @Test
  void anElementTakesLittleMoreThanFourBits() {
    try (HostTensor w = HostTensor.allocate(DType.FLOAT32, 576, 1536)) {
      long before = NativeMemory.liveBytes();
      try (Nf4Tensor quantized = Nf4Tensor.of(w, DType.FLOAT32, true)) {
        long bytes = NativeMemory.liveBytes() - before;
        assertThat(bytes).isEqualTo(quantized.bytes());
        assertThat((double) bytes / w.size()).isEqualTo(0.5625);
      }
      assertThat(NativeMemory.liveBytes()).isEqualTo(before);
    }
  }
}
