package org.sparklora.model.lora;

import static org.sparklora.model.engine.SplitMix64.GAMMA;
import static org.sparklora.model.engine.SplitMix64.mix;

import org.sparklora.model.engine.SplitMix64;
import org.sparklora.model.engine.Tensor;

/** Random numbers for initial adapters: {@link SplitMix64}, started from a seed and a name. */
final class UniformNumbers {
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
        state += GAMMA;
        values[i] = (float) ((2 * SplitMix64.uniform(mix(state)) - 1) * bound);
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
}
