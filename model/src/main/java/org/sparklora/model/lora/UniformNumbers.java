package org.sparklora.model.lora;

import org.sparklora.model.engine.Tensor;

/**
 * Random numbers for initial adapters: SplitMix64 (Steele, Lea and Flood, 2014), started from a
 * seed and a name. Written out, because the numbers must not change with the Java version.
 */
final class UniformNumbers {
  private static final long GAMMA = 0x9E37_79B9_7F4A_7C15L;
  private static final int CHUNK = 1 << 16;

  private long state;

  UniformNumbers(long seed, String name) {
    state = mix(seed);
    for (int i = 0; i < name.length(); i++) {
      state = mix(state + name.charAt(i) + GAMMA);
    }
  }

  /** Overwrites y with numbers uniform in [−bound, bound). */
  void fill(Tensor y, double bound) {
    float[] values = new float[(int) Math.min(CHUNK, y.size())];
    for (long done = 0; done < y.size(); done += values.length) {
      int count = (int) Math.min(values.length, y.size() - done);
      for (int i = 0; i < count; i++) {
        values[i] = (float) ((2 * next() - 1) * bound);
      }
      y.write(done, values, 0, count);
    }
  }

  static void zero(Tensor y) {
    float[] zeros = new float[(int) Math.min(CHUNK, y.size())];
    for (long done = 0; done < y.size(); done += zeros.length) {
      y.write(done, zeros, 0, (int) Math.min(zeros.length, y.size() - done));
    }
  }

  private double next() {
    state += GAMMA;
    return (mix(state) >>> 11) * 0x1p-53;
  }

  private static long mix(long z) {
    z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
    z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
    return z ^ z >>> 31;
  }
}
