/**
 * Expressions and what they are worth: the tree of an expression ({@code Expr}), its exact or
 * approximate value, identities, roots, sets of reals, and the {@code Budget} that bounds them all.
 *
 * <p>The lowest of the judge's packages: it depends on the JDK only, and {@code latex}, {@code
 * extract}, {@code dialect} and {@code org.sparklora.reward.math} may depend on it.
 */
package org.sparklora.reward.math.algebra;
