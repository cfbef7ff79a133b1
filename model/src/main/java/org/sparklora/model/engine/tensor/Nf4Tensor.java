package org.sparklora.model.engine.tensor;

import java.util.Arrays;
import java.util.Objects;

/**
 * A frozen matrix in NF4 (Dettmers et al., "QLoRA", 2023), with codes and scales equal to those of
 * bitsandbytes 0.50. A block of {@value #BLOCK} elements, in row-major order, has a scale, its
 * largest magnitude; each of its elements has the code of one of 16 levels, the nearest to element
 * / scale, and reads as level · scale. A block takes 36 bytes.
 *
 * <p>Read-only. Thread-safe until it is closed.
 */
public final class Nf4Tensor extends Tensor {
  /** Elements of a block. */
  public static final int BLOCK = 64;

  /** Words of 16 bits with the codes of a block, two in each byte, the first in its upper half. */
  public static final int WORDS = BLOCK / 4;

  /** Quantiles of the normal distribution, scaled to [−1, 1]. */
  private static final float[] LEVELS = {
    -1f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f,
    -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0f,
    0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
    0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1f
  };

  /** The middle between each level and the next. */
  private static final float[] MIDDLES = middles(LEVELS);

  /** Least divisor, so that a block of zeros can be divided. */
  private static final float LEAST = 1e-38f;

  private static final int BLOCKS_AT_ONCE = 1024;

  private final HostTensor codes;
  private final HostTensor scales;
  private final DType values;

  private Nf4Tensor(HostTensor codes, HostTensor scales, DType values, long... shape) {
    super(DType.NF4, shape);
    this.codes = codes;
    this.scales = scales;
    this.values = values;
  }

  /**
   * Quantises a matrix, which may be closed afterwards.
   *
   * @param w finite
   * @param values the type that elements are rounded to when they are read: float32 or bfloat16
   * @param nested whether the scales are quantised, too, as {@link NestedScales} does
   */
  public static Nf4Tensor of(Tensor w, DType values, boolean nested) {
    return closedOnFailure(unwritten(values, w.shape()), y -> y.quantize(w, nested));
  }

  private static Nf4Tensor unwritten(DType values, long... shape) {
    long blocks = blocks(sizeOf(shape));
    HostTensor codes = HostTensor.allocate(DType.BFLOAT16, blocks * WORDS);
    try {
      return new Nf4Tensor(codes, HostTensor.allocate(DType.FLOAT32, blocks), values, shape);
    } catch (Throwable e) { // OutOfMemoryError is a likely one
      codes.close();
      throw e;
    }
  }

  private void quantize(Tensor w, boolean nested) {
    long blocks = scales.size();
    float[] elements = new float[BLOCKS_AT_ONCE * BLOCK];
    short[] words = new short[BLOCKS_AT_ONCE * WORDS];
    float[] largest = new float[BLOCKS_AT_ONCE];
    for (long first = 0; first < blocks; first += BLOCKS_AT_ONCE) {
      int count = (int) Math.min(BLOCKS_AT_ONCE, blocks - first);
      int size = (int) Math.min((long) count * BLOCK, w.size() - first * BLOCK);
      w.read(first * BLOCK, elements, 0, size);
      Arrays.fill(words, (short) 0);
      for (int b = 0; b < count; b++) {
        largest[b] = quantize(elements, b * BLOCK, Math.min(size, (b + 1) * BLOCK), words);
      }
      codes.writeBits(first * WORDS, words, 0, count * WORDS);
      scales.write(first, largest, 0, count);
    }
    if (nested) {
      NestedScales.round(scales);
    }
  }

  /** Adds codes of the block {@code [from, to)} to words of zeros; returns the block's scale. */
  private static float quantize(float[] elements, int from, int to, short[] words) {
    float largest = 0;
    for (int i = from; i < to; i++) {
      largest = Math.max(largest, Math.abs(elements[i]));
    }
    boolean whole = to - from == BLOCK;
    float divisor = Math.max(largest, LEAST);
    float factor = 1 / divisor;
    for (int i = from; i < to; i++) {
      // bitsandbytes divides only in a block that is not whole: the roundings differ
      float scaled = whole ? elements[i] * factor : elements[i] / divisor;
      words[i / 4] |= (short) (code(scaled) << shift(i));
    }
    return whole ? largest : divisor;
  }

  /** The middle between each number and the next. */
  static float[] middles(float[] numbers) {
    float[] middles = new float[numbers.length - 1];
    for (int i = 0; i < middles.length; i++) {
      middles[i] = (numbers[i] + numbers[i + 1]) / 2;
    }
    return middles;
  }

  /** The number of middles below x, by bisection. */
  private static int code(float x) {
    int code = x > MIDDLES[7] ? 8 : 0;
    code += x > MIDDLES[code + 3] ? 4 : 0;
    code += x > MIDDLES[code + 1] ? 2 : 0;
    return code + (x > MIDDLES[code] ? 1 : 0);
  }

  /** The place of element i's code in its little-endian word: 4, 0, 12, 8 for i = 0, 1, 2, 3. */
  private static int shift(int i) {
    return (i & 3 ^ 1) << 2;
  }

  private static long blocks(long size) {
    return Math.floorDiv(size + BLOCK - 1, BLOCK);
  }

  static long bytesOf(long size) {
    return blocks(size) * (WORDS * Short.BYTES + Float.BYTES);
  }

  /** The codes, {@code (blocks · WORDS)}; the type bfloat16 only says that a word has 16 bits. */
  public HostTensor codes() {
    return codes;
  }

  /** The scale of each block, {@code (blocks)}. */
  public HostTensor scales() {
    return scales;
  }

  public DType values() {
    return values;
  }

  /** The levels of both codes in a byte, {@code (256, 2)}. */
  public static float[] pairsOfLevels() {
    float[] pairs = new float[2 << 8];
    for (int i = 0; i < pairs.length; i++) {
      int code = i % 2 == 0 ? i >> 5 : i >> 1 & 15;
      pairs[i] = LEVELS[code];
    }
    return pairs;
  }

  @Override
  public void read(long offset, float[] destination, int from, int count) {
    checkRange(offset, count);
    Objects.checkFromIndexSize(from, count, destination.length);
    long first = offset / BLOCK;
    int blocks = (int) (blocks(offset + count) - first);
    short[] words = new short[blocks * WORDS];
    float[] scale = new float[blocks];
    codes.readBits(first * WORDS, words, 0, words.length);
    scales.read(first, scale, 0, blocks);
    float[] scaled = new float[LEVELS.length];
    float[] part = new float[BLOCK];
    int at = from - (int) (offset - first * BLOCK); // of the block's first element
    for (int b = 0; b < blocks; b++, at += BLOCK) {
      scale(scale[b], scaled);
      if (at >= from && at + BLOCK <= from + count) {
        widen(words, b * WORDS, scaled, destination, at);
      } else {
        widen(words, b * WORDS, scaled, part, 0);
        int start = Math.max(from, at);
        int end = Math.min(from + count, at + BLOCK);
        System.arraycopy(part, start - at, destination, start, end - start);
      }
    }
  }

  private static void widen(short[] words, int first, float[] scaled, float[] to, int at) {
    for (int i = 0; i < WORDS; i++) {
      int word = words[first + i];
      to[at + 4 * i] = scaled[word >> 4 & 15];
      to[at + 4 * i + 1] = scaled[word & 15];
      to[at + 4 * i + 2] = scaled[word >> 12 & 15];
      to[at + 4 * i + 3] = scaled[word >> 8 & 15];
    }
  }

  private void scale(float factor, float[] scaled) {
    for (int code = 0; code < LEVELS.length; code++) {
      float value = LEVELS[code] * factor;
      scaled[code] = values == DType.BFLOAT16 ? Bfloat16.toFloat(Bfloat16.fromFloat(value)) : value;
    }
  }

  @Override
  public void close() {
    codes.close();
    scales.close();
  }
}
