package org.sparklora.train.vector;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.engine.DropoutMask;

/**
 * Block-scaled integers: of each {@link VectorType#BLOCK} numbers a float32 {@code s = max|x| /
 * largest}, then each number as the integer {@code floor(x / s + u)}, with {@code u} uniform in [0,
 * 1). So the expected value of {@code s · floor(x / s + u)} is {@code x}. An int4's lower half byte
 * is the element of even index.
 */
final class BlockScaled {
  private static final int BLOCK = VectorType.BLOCK;
  private static final int CHUNK = 64 * BLOCK; // elements that are copied to the heap at once
  private static final long LOW = 0xFFFF_FFFFL;

  private BlockScaled() {}

  /**
   * Rounds floats to integers of a type.
   *
   * @throws ArithmeticException if a number is not finite
   */
  static void encode(Pointer floats, long size, VectorType type, Dither dither, Pointer target) {
    float[] numbers = new float[CHUNK];
    byte[] bytes = new byte[(int) type.bytes(CHUNK)];
    int[] integers = new int[BLOCK];
    BytePointer to = new BytePointer(target);
    for (long start = 0; start < size; start += CHUNK) {
      int count = (int) Math.min(CHUNK, size - start);
      new FloatPointer(FlatVector.at(floats, start)).get(numbers, 0, count);
      int written = 0;
      for (int block = 0; block < count; block += BLOCK) {
        int length = Math.min(BLOCK, count - block);
        float quotient = largest(numbers, block, length, start) / type.largest();
        float scale = quotient < Float.MIN_NORMAL ? 0 : quotient; // 1 / scale must be finite
        written = write(Float.floatToRawIntBits(scale), bytes, written);
        round(numbers, block, length, scale, type.largest(), dither.from(start + block), integers);
        written = write(integers, length, type, bytes, written);
      }
      to.getPointer(type.bytes(start)).put(bytes, 0, written);
    }
  }

  private static float largest(float[] numbers, int from, int length, long start) {
    float largest = 0;
    for (int i = from; i < from + length; i++) {
      largest = Math.max(largest, Math.abs(numbers[i])); // NaN if any is
    }
    if (!Float.isFinite(largest)) {
      for (int i = from; i < from + length; i++) {
        if (!Float.isFinite(numbers[i])) {
          throw new ArithmeticException(
              "Cannot send a vector as scaled integers: its number %s is %s"
                  .formatted(start + i, numbers[i]));
        }
      }
    }
    return largest;
  }

  private static void round(
      float[] numbers, int from, int length, float scale, int largest, Dither dither, int[] to) {
    long key = DropoutMask.key(dither.seed(), dither.first() >>> Integer.SIZE);
    int counter = (int) (dither.first() & LOW); // blocks do not cross a multiple of 2^32
    float inverse = scale == 0 ? 0 : 1 / scale;
    float shift = largest + 1; // makes numbers positive, whose integer part is their floor
    for (int i = 0; i < length; i++) {
      float uniform = DropoutMask.bits(key, counter + i) * 0x1p-24f;
      int rounded = (int) (numbers[from + i] * inverse + uniform + shift) - (largest + 1);
      to[i] = Math.max(-largest, Math.min(largest, rounded));
    }
  }

  private static int write(int[] integers, int length, VectorType type, byte[] bytes, int at) {
    if (type == VectorType.INT8) {
      for (int i = 0; i < length; i++) {
        bytes[at + i] = (byte) integers[i];
      }
      return at + length;
    }
    int next = at;
    for (int i = 0; i < length; i += 2) {
      int upper = i + 1 < length ? integers[i + 1] << 4 : 0;
      bytes[next++] = (byte) (integers[i] & 0xF | upper);
    }
    return next;
  }

  /** Writes integers of a type as floats. */
  static void decode(Pointer source, long size, VectorType type, Pointer floats) {
    float[] numbers = new float[CHUNK];
    byte[] bytes = new byte[(int) type.bytes(CHUNK)];
    BytePointer from = new BytePointer(source);
    for (long start = 0; start < size; start += CHUNK) {
      int count = (int) Math.min(CHUNK, size - start);
      from.getPointer(type.bytes(start)).get(bytes, 0, (int) type.bytes(count));
      int read = 0;
      for (int block = 0; block < count; block += BLOCK) {
        int length = Math.min(BLOCK, count - block);
        float scale = Float.intBitsToFloat(read(bytes, read));
        read = read(bytes, read + Float.BYTES, length, type, scale, numbers, block);
      }
      new FloatPointer(FlatVector.at(floats, start)).put(numbers, 0, count);
    }
  }

  private static int read(
      byte[] bytes, int at, int length, VectorType type, float scale, float[] to, int from) {
    if (type == VectorType.INT8) {
      for (int i = 0; i < length; i++) {
        to[from + i] = scale * bytes[at + i];
      }
      return at + length;
    }
    for (int i = 0; i < length; i++) {
      int pair = bytes[at + i / 2];
      to[from + i] = scale * ((i & 1) == 0 ? pair << 28 >> 28 : pair >> 4);
    }
    return at + (length + 1) / 2;
  }

  private static int write(int bits, byte[] bytes, int at) {
    for (int i = 0; i < Integer.BYTES; i++) {
      bytes[at + i] = (byte) (bits >>> Byte.SIZE * i);
    }
    return at + Integer.BYTES;
  }

  private static int read(byte[] bytes, int at) {
    int bits = 0;
    for (int i = 0; i < Integer.BYTES; i++) {
      bits |= (bytes[at + i] & 0xFF) << Byte.SIZE * i;
    }
    return bits;
  }
}
