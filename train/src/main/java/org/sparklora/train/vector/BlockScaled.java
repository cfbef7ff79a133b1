package org.sparklora.train.vector;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.engine.DropoutMask;

/**
 * Block-scaled integers: of each {@link VectorType#BLOCK} numbers a float32 {@code s = max|x| /
 * largest}, then each number as the integer {@code floor(x / s + u)}, with {@code u} uniform in [0,
 * 1). So the expected value of {@code s · floor(x / s + u)} is {@code x}. The first element in a
 * byte has its lowest bits.
 */
final class BlockScaled {
  private static final int BLOCK = VectorType.BLOCK;
  private static final int CHUNK = 64 * BLOCK; // elements that are copied to the heap at once

  private BlockScaled() {}

  private static ByteBuffer chunk(VectorType type) {
    return ByteBuffer.allocate((int) type.bytes(CHUNK)).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Rounds floats to a type's integers; an ArithmeticException if a number is not finite. */
  static void encode(Pointer floats, long size, VectorType type, Dither dither, Pointer target) {
    float[] numbers = new float[CHUNK];
    ByteBuffer bytes = chunk(type);
    BytePointer to = new BytePointer(target);
    for (long start = 0; start < size; start += CHUNK) {
      int count = (int) Math.min(CHUNK, size - start);
      new FloatPointer(FlatVector.at(floats, start)).get(numbers, 0, count);
      bytes.clear();
      for (int block = 0; block < count; block += BLOCK) {
        int end = Math.min(block + BLOCK, count);
        float quotient = largest(numbers, block, end, start) / type.largest();
        float scale = quotient < Float.MIN_NORMAL ? 0 : quotient; // 1 / scale must be finite
        bytes.putFloat(scale);
        round(numbers, block, end, scale, type, dither.from(start + block), bytes);
      }
      to.getPointer(type.bytes(start)).put(bytes.array(), 0, bytes.position());
    }
  }

  private static float largest(float[] numbers, int from, int to, long start) {
    float largest = 0;
    for (int i = from; i < to; i++) {
      if (!Float.isFinite(numbers[i])) {
        throw new ArithmeticException(
            "Cannot send a vector as scaled integers: its number %s is %s"
                .formatted(start + i, numbers[i]));
      }
      largest = Math.max(largest, Math.abs(numbers[i]));
    }
    return largest;
  }

  private static void round(
      float[] numbers,
      int from,
      int to,
      float scale,
      VectorType type,
      Dither dither,
      ByteBuffer out) {
    long key = DropoutMask.key(dither.seed(), dither.first() >>> Integer.SIZE);
    int counter = (int) dither.first(); // blocks do not cross a multiple of 2^32
    int largest = type.largest();
    float inverse = scale == 0 ? 0 : 1 / scale;
    float shift = largest + 1; // makes numbers positive, whose integer part is their floor
    int mask = (1 << type.bits()) - 1;
    int packed = 0;
    for (int i = from; i < to; i++) {
      float uniform = DropoutMask.bits(key, counter + i - from) * 0x1p-24f;
      int rounded = (int) (numbers[i] * inverse + uniform + shift) - (largest + 1);
      int place = (i - from) * type.bits() % Byte.SIZE;
      packed |= (Math.max(-largest, Math.min(largest, rounded)) & mask) << place;
      if (place + type.bits() == Byte.SIZE || i + 1 == to) {
        out.put((byte) packed);
        packed = 0;
      }
    }
  }

  /** Writes integers of a type as floats. */
  static void decode(Pointer source, long size, VectorType type, Pointer floats) {
    float[] numbers = new float[CHUNK];
    ByteBuffer bytes = chunk(type);
    BytePointer from = new BytePointer(source);
    int unused = Integer.SIZE - type.bits();
    for (long start = 0; start < size; start += CHUNK) {
      int count = (int) Math.min(CHUNK, size - start);
      from.getPointer(type.bytes(start)).get(bytes.array(), 0, (int) type.bytes(count));
      bytes.clear();
      float scale = 0;
      int packed = 0;
      for (int i = 0; i < count; i++) {
        int place = i % BLOCK * type.bits() % Byte.SIZE;
        scale = i % BLOCK == 0 ? bytes.getFloat() : scale;
        packed = place == 0 ? bytes.get() : packed;
        numbers[i] = scale * (packed << unused - place >> unused);
      }
      new FloatPointer(FlatVector.at(floats, start)).put(numbers, 0, count);
    }
  }
}
