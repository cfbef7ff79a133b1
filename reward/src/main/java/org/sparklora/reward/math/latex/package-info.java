/**
 * Reads the LaTeX of one answer into an expression: tokens, terms, functions, relations, sets,
 * intervals.
 *
 * <p>Depends on {@code algebra} and {@code number} only; {@code extract} and {@code dialect} may
 * depend on it.
 */
package org.sparklora.reward.math.latex;
