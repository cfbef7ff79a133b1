package org.sparklora.train.step;

import java.util.Locale;

/** {@code --inner_moments}: AdamW's moments of a worker at the start of a round. */
public enum InnerMoments {
  /** The moments after the worker's own last step, as in DiLoCo (arXiv 2311.08105). */
  KEPT,
  /** The mean of all workers' moments. */
  AVERAGED;

  /** The flag's value. */
  public String flag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
