package org.sparklora.train.meter;

import java.io.Serializable;

/**
 * A number of tokens, and the time to compute them.
 *
 * @param nanos computing time, without waiting for others
 */
public record Effort(long tokens, long nanos) implements Serializable {
  static final Effort NONE = new Effort(0, 0);

  private static final double NANOS = 1e9;

  Effort plus(Effort other) {
    return new Effort(tokens + other.tokens, nanos + other.nanos);
  }

  double seconds() {
    return nanos / NANOS;
  }

  double tokensPerSecond() {
    return tokens / seconds();
  }
}
