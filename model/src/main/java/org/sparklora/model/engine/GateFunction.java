package org.sparklora.model.engine;

/** The activation of a gated feed-forward layer (Shazeer, 2020). */
public enum GateFunction {
  /** {@code x·σ(x)}: SwiGLU. */
  SILU,
  /** GELU by a tanh, {@code x·σ(z)} with {@code z = 2·√(2/π)·(x + 0.044715·x³)}: GEGLU. */
  GELU_TANH;

  /** {@code z = x·(LINEAR + CUBIC·x²)}. */
  public static final float LINEAR = (float) (2 * Math.sqrt(2 / Math.PI));

  /** See {@link #LINEAR}. */
  public static final float CUBIC = (float) (2 * Math.sqrt(2 / Math.PI) * 0.044715);
}
