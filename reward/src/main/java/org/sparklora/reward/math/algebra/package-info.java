/**
 * Expressions: the tree of an expression ({@code Expr}), its exact or approximate value,
 * identities, roots and sets of reals.
 *
 * <p>Depends on {@code number} only; {@code latex}, {@code extract}, {@code dialect} and {@code
 * org.sparklora.reward.math} may depend on it.
 */
package org.sparklora.reward.math.algebra;
