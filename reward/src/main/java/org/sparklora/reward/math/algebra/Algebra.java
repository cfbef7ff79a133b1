package org.sparklora.reward.math.algebra;

import java.util.Optional;
import org.sparklora.reward.math.number.AlgebraLimit;

/** Evaluates integrals, limits, derivatives and infinite sums. */
public interface Algebra {
  /** Evaluates nothing. */
  Algebra NONE = (expr, budget) -> Optional.empty();

  /** The evaluated node, free of these operators; empty if that fails or takes too long. */
  Optional<Expr> workOut(Expr expr, AlgebraLimit budget);
}
