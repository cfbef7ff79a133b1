/**
 * Expressions and their values: the tree of an expression ({@code Expr}), its exact or approximate
 * value, identities, roots, sets of reals, and the {@code AlgebraLimit} that limits all computing.
 *
 * <p>The lowest of the judge's packages: depends on the JDK only; {@code latex}, {@code extract},
 * {@code dialect} and {@code org.sparklora.reward.math} may depend on it.
 */
package org.sparklora.reward.math.algebra;
