/**
 * Judges mathematical answers: {@code MathReward} finds the answer in a completion, parses it and
 * compares it with a solution. Below it, each package depends only on those to its right:
 *
 * <pre>
 * math → dialect → extract → latex → algebra
 * </pre>
 *
 * <p>Of the rest of the module they depend on {@code org.sparklora.reward} only. {@code
 * org.sparklora.reward.job} finds the judge by name; it is open to anyone who wants it alone, and
 * nothing here depends on Spark.
 */
package org.sparklora.reward.math;
