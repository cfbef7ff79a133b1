/**
 * Supervised fine-tuning: its settings, its rows, what happens at its milestones, its results.
 *
 * <p>The command line may use it.
 */
package org.sparklora.spark.sft;
