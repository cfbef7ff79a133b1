/**
 * {@code curate}: removes rows of a dataset, as one Spark job. Rows are sketched, steps decide on
 * the sketches, and kept and removed rows are written in the order of the dataset.
 *
 * <p>{@code spark-job} may depend on this package. It depends on {@code org.sparklora.prep}, on its
 * packages for datasets, {@code source}, {@code format} and {@code table}, and on {@code document}
 * for counts. Only {@link org.sparklora.prep.curate.CurateJob} and the classes named {@code …Table}
 * use Spark.
 *
 * <pre>
 * splits ─(a task each, SketchSplit)→ sketches
 *     sketches ─(SketchTable, FilteredRowsTable, NearDuplicatesTable)→ removals
 * splits, removals ─(a task each, WriteSplit)→ data/train-00000-of-000NN.parquet, removed/…
 * </pre>
 */
package org.sparklora.prep.curate;
