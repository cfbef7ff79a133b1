/**
 * The reward stage on Spark: finds rewards by name, converts rows to completions, and adds
 * judgements and advantages to a table of generations.
 *
 * <p>Depends on the rest of the module; of {@code spark-job}, {@code api}, {@code grpo}, {@code
 * eval} and the command line may use it.
 */
package org.sparklora.reward.job;
