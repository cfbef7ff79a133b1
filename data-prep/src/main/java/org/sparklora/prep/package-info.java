/**
 * Turns datasets into packed rows and into prompts, both Parquet: {@code prep}, one Spark job for
 * two kinds of row.
 *
 * <p>Only {@link org.sparklora.prep.PrepJob} (with its stages and session) and the readers of
 * tables in {@code table} use Spark here; the code of tasks is in other classes. {@code spark-job}
 * may depend on this package; it depends on {@code pipeline}, {@code org.sparklora.text} and {@code
 * model.checkpoint}.
 *
 * <p>Each dataset of a {@link org.sparklora.prep.Mixture} is read in its own format, one dataset
 * after the other; {@code prep.curate} filters its files.
 *
 * <pre>
 * table ─(sorted by Spark SQL)→ files
 * files → splits ─(one task a split)→ rows → examples → documents → document files
 *                                     document lengths → shards → row files
 *         row files ─(one task a file)→ documents → packed rows → train-00000-of-000NN.parquet
 *
 * files → splits ─(one task a split)→ rows → problems → prompts, numbered from 0 in each split
 *         counts ─(one task a file)→ prompts numbered through → train-00000-of-000NN.parquet
 * </pre>
 */
package org.sparklora.prep;
