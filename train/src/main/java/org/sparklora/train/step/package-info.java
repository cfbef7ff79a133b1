/**
 * Optimizer steps: the vectors that training changes, the rule of a step, and the ways in which
 * workers contribute to it: summed gradients, micro-batches of a policy, and evaluation. {@link
 * org.sparklora.train.step.Synchronizer} is the seam to parameter averaging.
 *
 * <p>Runs of {@code sft} and {@code grpo} may use this package, and the package that averages.
 */
package org.sparklora.train.step;
