package org.sparklora.reward.math.algebra;

import java.util.Optional;

/** What needs a computer algebra system: integrals, limits, derivatives, infinite sums. */
public interface Algebra {
  /** Knows no algebra. */
  Algebra NONE = (expr, budget) -> Optional.empty();

  /** The node worked out, free of what needed algebra; empty when that fails or takes too long. */
  Optional<Expr> workOut(Expr expr, Budget budget);
}
