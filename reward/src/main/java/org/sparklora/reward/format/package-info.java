/**
 * Rewards for the form of a completion: thinking tags, length. The package depends on {@code
 * org.sparklora.reward} only; {@code org.sparklora.reward.job} finds the rewards by name.
 */
package org.sparklora.reward.format;
