package org.sparklora.pipeline.table;

import java.util.stream.IntStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/** Columns and cells of the rows of a Parquet file. */
public final class Cells {
  static final String LIST = "list";
  static final String ELEMENT = "element";

  private Cells() {}

  static Type text(Type.Repetition repetition, String name) {
    return Types.primitive(PrimitiveTypeName.BINARY, repetition)
        .as(LogicalTypeAnnotation.stringType())
        .named(name);
  }

  /** A column of float64 that may have no value. */
  static Type number(String name) {
    return Types.optional(PrimitiveTypeName.DOUBLE).named(name);
  }

  /** A column of lists of int32. */
  public static Type ints(String name) {
    return type(PrimitiveTypeName.INT32, name);
  }

  /** A column of lists of float32. */
  public static Type floats(String name) {
    return type(PrimitiveTypeName.FLOAT, name);
  }

  /**
   * A list type, optional at both levels as pyarrow and Spark declare it, although these tables
   * hold no nulls.
   */
  private static Type type(PrimitiveTypeName element, String name) {
    return Types.optionalGroup()
        .as(LogicalTypeAnnotation.listType())
        .repeatedGroup()
        .optional(element)
        .named(ELEMENT)
        .named(LIST)
        .named(name);
  }

  /** Whether the row has a value of the column, which tables of older versions lack. */
  public static boolean has(Group row, String column) {
    return row.getType().containsField(column) && row.getFieldRepetitionCount(column) > 0;
  }

  /** A text; empty without a value. */
  static String text(Group row, String column) {
    return row.getFieldRepetitionCount(column) == 0 ? "" : row.getString(column, 0);
  }

  /** A number of any type; NaN without a value. */
  static double number(Group row, String column) {
    return row.getFieldRepetitionCount(column) == 0
        ? Double.NaN
        : Double.parseDouble(row.getValueToString(row.getType().getFieldIndex(column), 0));
  }

  /** Sets a number; NaN becomes no value. */
  static void put(Group row, String column, double value) {
    if (!Double.isNaN(value)) {
      row.add(column, value);
    }
  }

  public static void put(Group row, String column, int[] values) {
    Group list = row.addGroup(column);
    for (int value : values) {
      list.addGroup(LIST).add(ELEMENT, value);
    }
  }

  public static void put(Group row, String column, float[] values) {
    Group list = row.addGroup(column);
    for (float value : values) {
      list.addGroup(LIST).add(ELEMENT, value);
    }
  }

  public static int[] ints(Group row, String column) {
    Group list = row.getGroup(column, 0);
    return IntStream.range(0, list.getFieldRepetitionCount(LIST))
        .map(i -> list.getGroup(LIST, i).getInteger(ELEMENT, 0))
        .toArray();
  }

  public static float[] floats(Group row, String column) {
    Group list = row.getGroup(column, 0);
    float[] values = new float[list.getFieldRepetitionCount(LIST)];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.getGroup(LIST, i).getFloat(ELEMENT, 0);
    }
    return values;
  }
}
