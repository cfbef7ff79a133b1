/**
 * The core that judges: a {@code Completion} goes in, the {@code Judgement} of each {@code Reward}
 * comes out, and {@code GroupAdvantage} compares the completions of a prompt. Records, and nothing
 * of Spark.
 *
 * <p>{@code org.sparklora.reward.math} and {@code org.sparklora.reward.format} hold the rewards
 * that are built in, {@code org.sparklora.reward.job} judges tables with Spark: all three depend on
 * this package, which depends on none of them. Open to those who write a reward of their own.
 */
package org.sparklora.reward;
