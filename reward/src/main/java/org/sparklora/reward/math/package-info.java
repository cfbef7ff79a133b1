/**
 * Judges mathematical answers: {@code MathReward} finds the answer in a completion, parses it and
 * compares it with a solution. Below it, each package depends only on those to its right:
 *
 * <pre>
 * math → dialect → extract → latex → algebra
 * </pre>
 *
 * <p>Used by {@code org.sparklora.reward} and open to anyone who wants the judge alone; nothing
 * here depends on Spark.
 */
package org.sparklora.reward.math;
