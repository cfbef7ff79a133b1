/**
 * Group-relative policy optimisation: the commands and jobs around rewards.
 *
 * <p>The only package that may depend on {@code org.sparklora.reward}; the command line depends on
 * it.
 */
package org.sparklora.spark.grpo;
