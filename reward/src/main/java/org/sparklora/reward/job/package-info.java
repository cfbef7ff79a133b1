/**
 * The reward stage on Spark: names become rewards, rows become completions, and a table of
 * generations gets its judgements and advantages.
 *
 * <p>Depends on the rest of the module; of {@code spark-job}, {@code grpo}, {@code eval} and the
 * command line may use it.
 */
package org.sparklora.reward.job;
