/** Rewards for the form of a completion: thinking tags, length. They know nothing of Spark. */
package org.sparklora.reward.format;
