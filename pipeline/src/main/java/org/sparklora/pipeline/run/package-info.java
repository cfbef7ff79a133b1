/**
 * The outputs of a run: its output folder, metrics and progress.
 *
 * <p>Every module but {@code model} may depend on this package; it depends on Hadoop's file
 * systems, {@code hub}, {@code pipeline.config} and {@code pipeline.table}, and on Spark only to
 * show the progress of its queries.
 */
package org.sparklora.pipeline.run;
