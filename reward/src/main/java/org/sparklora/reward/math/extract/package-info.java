/**
 * Finds the answer in a text, as Math-Verify does: strips thinking; looks for boxes, LaTeX between
 * delimiters and plain numbers; cleans and parses the answer found.
 *
 * <p>Depends on {@code latex}, {@code algebra} and {@code number}; {@code dialect} and {@code
 * org.sparklora.reward.math} may depend on it.
 */
package org.sparklora.reward.math.extract;
