/**
 * Finds the answer in a text, as Math-Verify does: strips thinking; looks for boxes, LaTeX between
 * delimiters, plain numbers and letters of a multiple choice; cleans and parses the answer found.
 *
 * <p>Depends on {@code latex} and {@code algebra}; {@code dialect} and {@code
 * org.sparklora.reward.math} may depend on it.
 */
package org.sparklora.reward.math.extract;
