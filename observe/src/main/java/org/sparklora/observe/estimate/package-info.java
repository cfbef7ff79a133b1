/**
 * The regret report: compares a run with the advice of the blog "LoRA Without Regret" and TRL's
 * guide of that name, as figures with verdict and source, before the run and after it. Uses only
 * arithmetic on shapes and settings, without Spark; the job and the {@code check} command fill in a
 * {@link org.sparklora.observe.estimate.PlannedRun}. {@code docs/regret.md} has the formulas.
 */
package org.sparklora.observe.estimate;
