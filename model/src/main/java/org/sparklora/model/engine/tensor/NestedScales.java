package org.sparklora.model.engine.tensor;

import java.util.Arrays;

/**
 * Double quantisation of the scales of an {@link Nf4Tensor}, as bitsandbytes 0.50 computes it on
 * CPUs: their mean is subtracted, and the differences take 8 bits each, numbers of a dynamic map
 * (Dettmers et al., 2022) times the largest magnitude of a block of 256.
 */
final class NestedScales {
  private static final int BLOCK = 256;
  private static final int EXPONENTS = 7;

  /** The numbers of the dynamic map, ascending. */
  static final float[] MAP = map();

  /** The middle between each number and the next. */
  private static final float[] MIDDLES = Nf4Tensor.middles(MAP);

  /** Places in [−1, 1] that bitsandbytes first rounds to. */
  private static final int PLACES = 1 << 16;

  private NestedScales() {}

  /** For each power 10^−6 to 1 the middles of 1, 2, 4, … 64 parts of [0.1, 1], ±; 0 and 1. */
  private static float[] map() {
    float[] map = new float[256];
    int count = 0;
    for (int exponent = 0; exponent < EXPONENTS; exponent++) {
      int parts = 1 << exponent;
      float power = (float) Math.pow(10, exponent - EXPONENTS + 1);
      for (int part = 0; part < parts; part++) {
        float middle = power * ((boundary(part, parts) + boundary(part + 1, parts)) / 2);
        map[count++] = middle;
        map[count++] = -middle;
      }
    }
    map[count++] = 0;
    map[count] = 1;
    Arrays.sort(map);
    return map;
  }

  /** PyTorch's {@code linspace(0.1, 1, parts + 1)}: from the nearer end, with one rounding. */
  private static float boundary(int index, int parts) {
    float step = (1 - 0.1f) / parts;
    return index < (parts + 1) / 2
        ? Math.fma(step, index, 0.1f)
        : Math.fma(-step, parts - index, 1);
  }

  /** Replaces each scale by the number that its 8 bits stand for. */
  static void round(HostTensor scales) {
    float[] all = scales.toArray();
    round(all, mean(all));
    scales.write(0, all, 0, all.length);
  }

  static void round(float[] all, float mean) {
    for (int from = 0; from < all.length; from += BLOCK) {
      int to = Math.min(all.length, from + BLOCK);
      float largest = 0;
      for (int i = from; i < to; i++) {
        largest = Math.max(largest, Math.abs(all[i] - mean));
      }
      float factor = 1 / largest;
      for (int i = from; i < to; i++) {
        all[i] = largest == 0 ? mean : MAP[code((all[i] - mean) * factor)] * largest + mean;
      }
    }
  }

  static float mean(float[] scales) {
    double sum = 0;
    for (float scale : scales) {
      sum += scale;
    }
    return (float) (sum / scales.length);
  }

  /** The index of the number nearest to x's place. */
  static int code(float x) {
    float unit = (Math.max(-1, Math.min(1, x)) + 1) * 0.5f;
    int place = (int) Math.fma(unit, PLACES - 1, 0.5f);
    int found = Arrays.binarySearch(MIDDLES, -1 + 2f * place / (PLACES - 1));
    return found < 0 ? -found - 1 : found;
  }
}
