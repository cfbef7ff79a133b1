/**
 * What a run needs besides its weights to go on as if it had never stopped: the optimizer's
 * moments, sums and settings of a {@code checkpoint-N} folder, and the check that a checkpoint
 * belongs to the run that wants to go on from it.
 *
 * <p>{@code org.sparklora.spark} may use it; it uses {@code spark.train}, neither Spark nor
 * Deeplearning4j.
 */
package org.sparklora.spark.resume;
