/**
 * Sweeps: many runs with different settings, each a Spark task, and their joint results. {@link
 * org.sparklora.spark.sweep.SweepFile} describes the runs, {@link
 * org.sparklora.spark.sweep.SweepJob} trains them, {@link org.sparklora.spark.sweep.SweepReport}
 * writes the results.
 *
 * <p>The command line may use this package; it uses {@code sft}, {@code grpo} and {@code eval} as
 * the command line does.
 */
package org.sparklora.spark.sweep;
