/**
 * Group-relative policy optimisation: rounds of completions that are drawn, judged and trained on.
 * {@link org.sparklora.train.grpo.GrpoLoop} is the algorithm, {@link
 * org.sparklora.spark.grpo.PolicyRounds} its stages before the gradient; package {@code run} has
 * the parts of all training.
 *
 * <p>{@code eval} shares its judging stage; {@code sweep}, {@code api} and the command line use it.
 */
package org.sparklora.spark.grpo;
