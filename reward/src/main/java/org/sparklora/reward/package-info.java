/**
 * The reward stage of GRPO: judges of completions, group advantages, and the Spark job that applies
 * both to a table of generations.
 *
 * <p>{@code spark-job} may use it from its GRPO package; {@link org.sparklora.reward.math} and
 * {@link org.sparklora.reward.format} hold the judges and know nothing of Spark.
 */
package org.sparklora.reward;
