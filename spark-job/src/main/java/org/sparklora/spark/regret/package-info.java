/**
 * The regret report: what the blog "LoRA Without Regret" and TRL's guide of that name would say of
 * a run, as figures with a verdict and a source, before it starts and after it ended. Arithmetic on
 * shapes and settings only, without Spark; the job and the {@code check} command fill in a {@link
 * org.sparklora.spark.regret.PlannedRun}. {@code docs/regret.md} has the formulas.
 */
package org.sparklora.spark.regret;
