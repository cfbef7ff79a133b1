/**
 * Runs the trials of a sweep, each a Spark task: {@link org.sparklora.spark.sweep.SweepJob}. Sweep
 * files, verdicts and reports, which need no run, are in {@code org.sparklora.sweep}.
 *
 * <p>The command line may use this package; it uses {@code sft}, {@code grpo} and {@code eval} as
 * the command line does.
 */
package org.sparklora.spark.sweep;
