/**
 * Numbers, exact or to fifty digits and more: fractions, complex values, elementary functions,
 * whether two values are close, and the {@code AlgebraLimit} that limits all computing.
 *
 * <p>The lowest of the judge's packages: depends on the JDK only; {@code algebra} and every package
 * above it may depend on it.
 */
package org.sparklora.reward.math.number;
