/**
 * The outputs of a run: its output folder, metrics and progress.
 *
 * <p>Every module but {@code model} may depend on this package; this package depends on Hadoop's
 * file systems and on {@code pipeline.config}, not on Spark.
 */
package org.sparklora.pipeline.run;
