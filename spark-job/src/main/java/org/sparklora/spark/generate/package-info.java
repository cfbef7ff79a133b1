/**
 * Completes prompts on executors, for {@code generate} and the first stage of a round of GRPO.
 *
 * <p>{@code grpo}, {@code eval} and the command line may use it.
 */
package org.sparklora.spark.generate;
