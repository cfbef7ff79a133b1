/**
 * Datasets to packed Parquet: {@code prep}, a Spark job.
 *
 * <p>{@link org.sparklora.prep.PackSftJob} is the only class here that knows Spark; what its tasks
 * do is in classes that do not. {@code spark-job} may depend on this package; it depends on {@code
 * pipeline}, {@code model.text} and {@code model.checkpoint}.
 *
 * <pre>
 * files → splits ─(one task a split)→ rows → examples → documents → document files
 *                                     document lengths → shards → row files
 *         row files ─(one task a file)→ documents → packed rows → train-00000-of-000NN.parquet
 * </pre>
 */
package org.sparklora.prep;
