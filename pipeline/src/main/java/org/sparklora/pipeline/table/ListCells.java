package org.sparklora.pipeline.table;

import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/** Lists of numbers in a row of a Parquet file. */
public final class ListCells {
  static final String LIST = "list";
  static final String ELEMENT = "element";

  private ListCells() {}

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
    int[] values = new int[list.getFieldRepetitionCount(LIST)];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.getGroup(LIST, i).getInteger(ELEMENT, 0);
    }
    return values;
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
