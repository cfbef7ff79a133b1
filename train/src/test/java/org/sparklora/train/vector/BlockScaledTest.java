package org.sparklora.train.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sparklora.model.engine.DropoutMask;
import org.sparklora.model.engine.Engines;

/** Vectors as integers that are scaled by block. */
class BlockScaledTest {
  private static final int SIZE = 8192 + 128 + 37; // more than a chunk, a block, a part of one

  @ParameterizedTest
  @EnumSource(names = {"INT8", "INT4"})
  void everyNumberIsTheFloorOfItsQuotientPlusAUniformNumber(VectorType type) {
    float[] numbers = numbers();
    Dither dither = new Dither(7, 0);
    float[] sent = sent(numbers, type, dither);

    int largest = type == VectorType.INT8 ? 127 : 7;
    long key = DropoutMask.key(7, 0);
    for (int i = 0; i < SIZE; i++) {
      double scale = largestOfBlock(numbers, i) / largest;
      double uniform = DropoutMask.bits(key, i) * 0x1p-24;
      double quotient = numbers[i] / scale + uniform;
      assertThat(sent[i] / scale).isEqualTo(Math.rint(sent[i] / scale), within(1e-4));
      if (Math.abs(quotient - Math.rint(quotient)) > 1e-4) { // float32 may floor these otherwise
        assertThat(sent[i]).isEqualTo((float) (Math.floor(quotient) * scale), within(1e-5f));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"INT8", "INT4"})
  void theMeanOverSeedsIsTheNumber(VectorType type) {
    float[] numbers = java.util.Arrays.copyOf(numbers(), 128);
    int seeds = 4000;
    double[] sums = new double[numbers.length];
    for (int seed = 0; seed < seeds; seed++) {
      float[] sent = sent(numbers, type, Dither.of(3, seed, 1));
      for (int i = 0; i < sums.length; i++) {
        sums[i] += sent[i];
      }
    }
    double scale = largestOfBlock(numbers, 0) / (type == VectorType.INT8 ? 127 : 7);
    double deviation = scale / 2 / Math.sqrt(seeds); // of a mean, at most
    double all = 0;
    for (int i = 0; i < sums.length; i++) {
      double error = sums[i] / seeds - numbers[i];
      assertThat(error).isEqualTo(0, within(4.5 * deviation));
      all += error;
    }
    assertThat(all / sums.length).isEqualTo(0, within(4.5 * deviation / Math.sqrt(sums.length)));
  }

  @ParameterizedTest
  @EnumSource(names = {"INT8", "INT4"})
  void aPartIsRoundedAsInTheWhole(VectorType type) {
    float[] numbers = numbers();
    Dither dither = Dither.of(1, 2, 3);
    try (FlatVector all = vector(numbers);
        FlatVector whole = all.copy(type, dither);
        FlatVector alone =
            FlatVector.over(FlatVector.at(all.pointer(), 256), SIZE - 256)
                .copy(type, dither.from(256))) {
      FlatVector part = whole.part(256, SIZE - 256);
      assertThat(floats(part)).isEqualTo(floats(alone));
      assertThat(part.checksum()).isEqualTo(alone.checksum());
    }
  }

  @Test
  void bytesAreThoseOfIntegersAndScales() {
    assertThat(VectorType.INT8.bytes(0)).isZero();
    assertThat(VectorType.INT8.bytes(128)).isEqualTo(128 + 4);
    assertThat(VectorType.INT8.bytes(129)).isEqualTo(129 + 8);
    assertThat(VectorType.INT4.bytes(128)).isEqualTo(64 + 4);
    assertThat(VectorType.INT4.bytes(129)).isEqualTo(65 + 8);
    assertThat(VectorType.BFLOAT16.bytes(129)).isEqualTo(258);
  }

  @ParameterizedTest
  @EnumSource(names = {"INT8", "INT4"})
  void zerosStayZerosAndTinyNumbersBecomeZeros(VectorType type) {
    assertThat(sent(new float[200], type, Dither.of(1, 1, 1))).containsOnly(0);
    assertThat(sent(new float[] {1e-42f, -1e-42f}, type, Dither.of(1, 1, 1))).containsOnly(0);
  }

  @ParameterizedTest
  @EnumSource(names = {"INT8", "INT4"})
  void numbersThatAreNotFiniteAreRefusedByPlace(VectorType type) {
    float[] numbers = numbers();
    numbers[8200] = Float.NaN;
    assertThatThrownBy(() -> sent(numbers, type, Dither.NONE))
        .isInstanceOf(ArithmeticException.class)
        .hasMessage("Cannot send a vector as scaled integers: its number 8200 is NaN");
    numbers[8200] = 0;
    numbers[3] = Float.NEGATIVE_INFINITY;
    assertThatThrownBy(() -> sent(numbers, type, Dither.NONE))
        .hasMessage("Cannot send a vector as scaled integers: its number 3 is -Infinity");
  }

  private static double largestOfBlock(float[] numbers, int index) {
    double largest = 0;
    int start = index / 128 * 128;
    for (int i = start; i < Math.min(start + 128, numbers.length); i++) {
      largest = Math.max(largest, Math.abs(numbers[i]));
    }
    return largest;
  }

  private static float[] numbers() {
    Random random = new Random(5);
    float[] numbers = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      numbers[i] = (float) random.nextGaussian() * (1 + i / 128 % 3);
    }
    return numbers;
  }

  private static float[] sent(float[] numbers, VectorType type, Dither dither) {
    try (FlatVector all = vector(numbers);
        FlatVector sent = all.copy(type, dither)) {
      return floats(sent);
    }
  }

  private static FlatVector vector(float[] numbers) {
    FlatVector vector = new FlatVector(numbers.length);
    Engines.host()
        .alias(vector.pointer(), numbers.length)
        .tensor()
        .write(0, numbers, 0, numbers.length);
    return vector;
  }

  private static float[] floats(FlatVector vector) {
    try (FlatVector copy = new FlatVector(vector.size())) {
      vector.copyTo(copy.pointer());
      return Engines.host().alias(copy.pointer(), copy.size()).tensor().toArray();
    }
  }
}
