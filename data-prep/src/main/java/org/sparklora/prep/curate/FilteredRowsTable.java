package org.sparklora.prep.curate;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.UDFRegistration;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.table.SourceTables;

/** Removes rows for which a predicate of Spark SQL does not hold. */
final class FilteredRowsTable {
  /** The folder of the rows with their ids, below the scratch folder. */
  static final String COPIES = "copies";

  private FilteredRowsTable() {}

  /**
   * Removes the rows.
   *
   * @throws org.sparklora.pipeline.config.ConfigException if the predicate cannot be used
   */
  static void remove(SketchTable sketches, String filter) {
    Dataset<Row> copies = sketches.read(COPIES + "/" + WriteSplit.DATA);
    register(copies.sparkSession().udf());
    Dataset<Row> kept =
        SourceTables.filtered(copies, Flags.FILTER, filter)
            .select(col(WriteSplit.ID).as(SketchTable.ID));
    sketches.remove(
        Step.FILTER,
        sketches.rows().join(kept, SketchTable.ID, "left_anti"),
        lit(filter),
        lit(""),
        lit(Removal.NONE));
  }

  /** Registers the {@link FilterFunctions}. */
  private static void register(UDFRegistration functions) {
    UDF1<String, Double> repetition =
        text -> text == null ? null : FilterFunctions.repetition(text);
    UDF1<String, Boolean> thought =
        text -> text == null ? null : FilterFunctions.isWholeThought(text);
    UDF1<String, Boolean> boxes =
        text -> text == null ? null : FilterFunctions.areBoxesClosed(text);
    functions.register("repetition", repetition, DataTypes.DoubleType);
    functions.register("whole_thought", thought, DataTypes.BooleanType);
    functions.register("boxes_closed", boxes, DataTypes.BooleanType);
  }
}
