/**
 * The core of judging: each {@code Reward} gives a {@code Judgement} of a {@code RewardInput}, and
 * {@code GroupAdvantage} compares the completions of a prompt. Records, without Spark.
 *
 * <p>{@code org.sparklora.reward.math} and {@code org.sparklora.reward.format} hold the built-in
 * rewards, {@code org.sparklora.reward.job} judges tables with Spark: all three depend on this
 * package, which depends on none of them. Public for rewards of your own.
 */
package org.sparklora.reward;
