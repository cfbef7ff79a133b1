/**
 * Rewards for the form of a completion: thinking tags, length. They depend on {@code
 * org.sparklora.reward} only, and {@code org.sparklora.reward.job} finds them by name.
 */
package org.sparklora.reward.format;
