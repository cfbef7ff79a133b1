/**
 * What a run needs besides its weights to go on as if it had never stopped: the optimizer's
 * moments, sums and settings of a {@code checkpoint-N} folder, and the check that a checkpoint
 * belongs to the run that wants to go on from it.
 *
 * <p>{@code run}, {@code sft} and {@code grpo} may use it; it uses {@code train}, neither Spark nor
 * Deeplearning4j.
 */
package org.sparklora.spark.resume;
