package org.sparklora.pipeline.table;

import org.apache.parquet.example.data.Group;

/** Lists of numbers in a row of a Parquet file. */
final class ListCells {
  private ListCells() {}

  static void put(Group row, String column, int[] values) {
    Group list = row.addGroup(column);
    for (int value : values) {
      list.addGroup(PackedSequenceSchema.LIST).add(PackedSequenceSchema.ELEMENT, value);
    }
  }

  static void put(Group row, String column, float[] values) {
    Group list = row.addGroup(column);
    for (float value : values) {
      list.addGroup(PackedSequenceSchema.LIST).add(PackedSequenceSchema.ELEMENT, value);
    }
  }

  static int[] ints(Group row, String column) {
    Group list = row.getGroup(column, 0);
    int[] values = new int[list.getFieldRepetitionCount(PackedSequenceSchema.LIST)];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          list.getGroup(PackedSequenceSchema.LIST, i).getInteger(PackedSequenceSchema.ELEMENT, 0);
    }
    return values;
  }

  static float[] floats(Group row, String column) {
    Group list = row.getGroup(column, 0);
    float[] values = new float[list.getFieldRepetitionCount(PackedSequenceSchema.LIST)];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          list.getGroup(PackedSequenceSchema.LIST, i).getFloat(PackedSequenceSchema.ELEMENT, 0);
    }
    return values;
  }
}
