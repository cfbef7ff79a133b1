/**
 * Sweeps: many runs that differ in their settings, each a task of Spark, and what they find
 * together. {@link org.sparklora.spark.sweep.SweepFile} says which runs, {@link
 * org.sparklora.spark.sweep.SweepJob} trains them, {@link org.sparklora.spark.sweep.SweepReport}
 * tells.
 *
 * <p>The command line may use it; it uses {@code sft} and {@code grpo} as the command line does.
 */
package org.sparklora.spark.sweep;
