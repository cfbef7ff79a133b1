/**
 * The joint results of a sweep's trials: curves, their optima with bootstrap intervals, and the
 * verdicts on the findings of "LoRA Without Regret". {@link
 * org.sparklora.sweep.finding.SweepReport} writes them, {@link
 * org.sparklora.sweep.finding.SweepAdvice} reads them for the next run.
 *
 * <p>{@code spark-job} may use it; the parent package does not.
 */
package org.sparklora.sweep.finding;
