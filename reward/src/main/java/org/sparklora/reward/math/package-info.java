/**
 * Judges mathematical answers: {@code MathReward} finds the answer in a completion, parses it and
 * compares it with a solution. Each package below it depends only on packages to its right:
 *
 * <pre>
 * math → dialect → extract → latex → algebra → number
 * </pre>
 *
 * <p>They depend on nothing else of the module but {@code org.sparklora.reward}. {@code
 * org.sparklora.reward.job} finds the judge by name; it can be used alone, without Spark.
 */
package org.sparklora.reward.math;
