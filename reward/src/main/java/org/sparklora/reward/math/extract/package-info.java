/**
 * Finds the answer in a text, as Math-Verify does: thinking is cut off; boxes, LaTeX between
 * delimiters, plain numbers and letters of a multiple choice are looked for; what is found is
 * cleaned and parsed.
 *
 * <p>Depends on {@code latex} and {@code algebra}; {@code dialect} and {@code
 * org.sparklora.reward.math} may depend on it.
 */
package org.sparklora.reward.math.extract;
