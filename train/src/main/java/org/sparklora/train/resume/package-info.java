/**
 * The state beside the weights that a run needs to resume as if it had never stopped: the
 * optimizer's moments, sums and settings in a {@code checkpoint-N} folder. Checks that a checkpoint
 * belongs to the run that resumes from it.
 *
 * <p>Runs, sweeps, the command line and {@code train.step} may use this package; it uses {@code
 * train}, but neither Spark nor Deeplearning4j.
 */
package org.sparklora.train.resume;
