package org.sparklora.prep.curate;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

/** Removes rows in which {@link EvaluationQuestions} has found a question. */
final class ContaminatedRowsTable {
  private ContaminatedRowsTable() {}

  static void remove(SketchTable sketches) {
    sketches.remove(
        Step.DECONTAMINATE,
        sketches.rows().where(col("question_set").isNotNull()),
        when(col("question_whole"), lit("question"))
            .otherwise(lit(EvaluationQuestions.GRAM + "-gram")),
        col("question_set"),
        col("question_row"));
  }
}
