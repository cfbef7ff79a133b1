/**
 * Judges mathematical answers: finds the answer in a text, parses its LaTeX, compares it with a
 * solution.
 *
 * <p>Used by {@code org.sparklora.reward} and open to anyone who wants the judge alone; it depends
 * on nothing of Spark.
 */
package org.sparklora.reward.math;
