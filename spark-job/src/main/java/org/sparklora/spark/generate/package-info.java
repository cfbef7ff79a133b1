/**
 * Completes prompts, on executors or in this process, for {@code generate} and the first stage of a
 * round of GRPO.
 *
 * <p>{@code grpo}, {@code eval}, {@code sweep}, {@code api} and the command line may use it.
 */
package org.sparklora.spark.generate;
