package org.sparklora.prep.curate;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Removes all rows but one of those with the same normalised text. A text that occurs often costs
 * no memory: its rows are counted where they are, and each is joined with the kept one.
 */
final class ExactDuplicatesTable {
  private static final String[] HASH = {"hash_high", "hash_low"};

  private ExactDuplicatesTable() {}

  static void remove(SketchTable sketches, CurateConfig.Keep keep) {
    Dataset<Row> rows = sketches.rows().select("id", "length", "score", HASH[0], HASH[1]);
    Dataset<Row> repeated =
        rows.groupBy(HASH[0], HASH[1])
            .agg(SketchTable.kept(keep).as("kept"), count(lit(1)).as("rows"))
            .where(col("rows").gt(1));
    sketches.remove(
        Step.EXACT_DUPLICATES,
        rows.join(repeated, HASH).where(col("id").notEqual(col("kept"))),
        lit("same text"),
        lit(""),
        col("kept"));
  }
}
