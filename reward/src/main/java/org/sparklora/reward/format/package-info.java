/**
 * Rewards for the form of a completion: thinking tags, length, the text of an answer. The package
 * depends on {@code org.sparklora.reward} and {@code pipeline.table} only; {@code
 * org.sparklora.reward.job} finds the rewards by name.
 */
package org.sparklora.reward.format;
