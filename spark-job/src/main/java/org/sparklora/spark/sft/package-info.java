/**
 * Supervised fine-tuning: its settings, the loop over its packed rows, and what is logged of its
 * steps. {@link org.sparklora.spark.sft.SftJob} is the whole of it; {@code run} does what all
 * training does.
 *
 * <p>The command line may use it.
 */
package org.sparklora.spark.sft;
