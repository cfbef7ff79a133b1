/**
 * Prompts become completions on executors: {@code generate}, and the first stage of a round of
 * GRPO.
 *
 * <p>{@code grpo}, {@code eval} and the command line may use it.
 */
package org.sparklora.spark.generate;
