package org.sparklora.prep.curate;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Removes rows whose normalised text an earlier row has. A text that occurs often costs no memory:
 * its rows are counted where they are, and each is joined with the first.
 */
final class ExactDuplicatesTable {
  private static final String[] HASH = {"hash_high", "hash_low"};

  private ExactDuplicatesTable() {}

  static void remove(SketchTable sketches) {
    Dataset<Row> rows = sketches.rows().select("id", HASH);
    Dataset<Row> repeated =
        rows.groupBy(HASH[0], HASH[1])
            .agg(min("id").as("first"), count(lit(1)).as("rows"))
            .where(col("rows").gt(1));
    sketches.remove(
        Step.EXACT_DUPLICATES,
        rows.join(repeated, HASH).where(col("id").gt(col("first"))),
        lit("same text"),
        lit(""),
        col("first"));
  }
}
