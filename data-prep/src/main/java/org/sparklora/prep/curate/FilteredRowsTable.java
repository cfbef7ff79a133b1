package org.sparklora.prep.curate;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.shiftright;

import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.UDFRegistration;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.TextSource;
import org.sparklora.prep.table.QueriedTable;

/** Removes rows for which a predicate of Spark SQL does not hold. */
final class FilteredRowsTable {
  private FilteredRowsTable() {}

  /**
   * Removes the rows.
   *
   * @param copies the rows of a dataset with their ids
   * @param splits of this dataset, the first and the last
   * @throws org.sparklora.pipeline.config.ConfigException if the predicate cannot be used
   */
  static void remove(SketchTable sketches, Dataset<Row> copies, int[] splits, String filter) {
    Dataset<Row> kept =
        QueriedTable.filtered(copies, Flags.FILTER, filter)
            .select(col(WriteSplit.ID).as(SketchTable.ID));
    sketches.remove(
        Step.FILTER,
        sketches
            .rows()
            .where(
                shiftright(col(SketchTable.ID), CuratedSplit.POSITION_BITS)
                    .between(splits[0], splits[1]))
            .join(kept, SketchTable.ID, "left_anti"),
        lit(filter),
        lit(""),
        lit(Removal.NONE));
  }

  /** Registers the {@link FilterFunctions}, and {@code tokens(text)} if a model is given. */
  static void register(UDFRegistration functions, Optional<TextSource> model) {
    register(functions, "repetition", FilterFunctions::repetition, DataTypes.DoubleType);
    register(functions, "whole_thought", FilterFunctions::isWholeThought, DataTypes.BooleanType);
    register(functions, "boxes_closed", FilterFunctions::areBoxesClosed, DataTypes.BooleanType);
    register(functions, "language", text -> Language.of(text).orElse(null), DataTypes.StringType);
    model.ifPresent(text -> register(functions, "tokens", text::tokens, DataTypes.IntegerType));
  }

  /** Registers a function of texts that are not null. */
  private static <T> void register(
      UDFRegistration functions, String name, UDF1<String, T> function, DataType type) {
    UDF1<String, T> nullable = text -> text == null ? null : function.call(text);
    functions.register(name, nullable, type);
  }
}
