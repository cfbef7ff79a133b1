/**
 * Supervised fine-tuning: its settings, the loop over its packed rows, and the log of its steps.
 * {@link org.sparklora.spark.sft.SftJob} runs all of it; package {@code run} has the parts of all
 * training.
 *
 * <p>{@code sweep}, {@code api} and the command line may use it.
 */
package org.sparklora.spark.sft;
