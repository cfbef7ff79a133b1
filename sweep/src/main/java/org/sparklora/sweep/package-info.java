/**
 * Sweeps: many runs with different settings. {@link org.sparklora.sweep.SweepFile} describes them,
 * {@link org.sparklora.sweep.SweepPlan} checks them, {@link org.sparklora.sweep.Trial} is one of
 * them and {@link org.sparklora.sweep.TrialOutcome} its result.
 *
 * <p>No class here trains or imports Spark: {@code spark-job} runs the trials.
 */
package org.sparklora.sweep;
