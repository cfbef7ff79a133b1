package org.sparklora.model.generate;

import static org.sparklora.model.engine.SplitMix64.GAMMA;
import static org.sparklora.model.engine.SplitMix64.mix;

import org.sparklora.model.engine.SplitMix64;

/**
 * Uniform random numbers by counter: the number of a token is a function of the seed and of the
 * token's place alone, so it can be drawn on any machine, in any order, and again after a failure.
 *
 * <p>Each coordinate is mixed in with {@link SplitMix64}'s finalizer.
 */
final class RandomStream {
  private RandomStream() {}

  /**
   * @param prompt id of the prompt
   * @param completion which of the prompt's completions
   * @param token which of the completion's tokens
   * @return a number in [0, 1)
   */
  static double uniform(long seed, long prompt, int completion, int token) {
    long state = mix(seed + GAMMA);
    state = mix((state ^ prompt) + GAMMA);
    state = mix((state ^ completion) + GAMMA);
    state = mix((state ^ token) + GAMMA);
    return SplitMix64.uniform(state);
  }
}
