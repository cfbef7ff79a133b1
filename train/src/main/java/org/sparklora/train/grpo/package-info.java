/**
 * Group-relative policy optimisation without Spark: the order of prompts, drawing, a round and its
 * tables, log-probabilities, the guard, and the loop of steps. Rewards come from the caller.
 *
 * <p>Runs of {@code grpo} may use this package, and {@code generate}, {@code eval}, {@code sweep}
 * and {@code vllm}, which draw completions.
 */
package org.sparklora.train.grpo;
