package org.sparklora.prep.curate;

import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.sparklora.prep.source.SourceRow;

/**
 * Rows of a dataset as groups of one schema: of a Parquet file exactly as it holds them, else by
 * their values.
 *
 * @param schema the columns of all files of the dataset
 */
record RowGroups(MessageType schema) {

  /** The row with the columns of {@link #schema}; a column that it lacks is null. */
  Group of(SourceRow row) {
    Group group = new SimpleGroup(schema);
    row.stored()
        .ifPresentOrElse(stored -> copy(stored, group), () -> ColumnTypes.put(group, row.values()));
    return group;
  }

  private void copy(Group from, Group to) {
    for (int field = 0; field < from.getType().getFieldCount(); field++) {
      Type type = from.getType().getType(field);
      if (schema.containsField(type.getName())) {
        int target = schema.getFieldIndex(type.getName());
        for (int i = 0; i < from.getFieldRepetitionCount(field); i++) {
          add(from, field, i, type, to, target);
        }
      }
    }
  }

  private static void add(Group from, int field, int index, Type type, Group to, int target) {
    if (!type.isPrimitive()) {
      to.add(target, from.getGroup(field, index));
      return;
    }
    switch (type.asPrimitiveType().getPrimitiveTypeName()) {
      case INT32 -> to.add(target, from.getInteger(field, index));
      case INT64 -> to.add(target, from.getLong(field, index));
      case FLOAT -> to.add(target, from.getFloat(field, index));
      case DOUBLE -> to.add(target, from.getDouble(field, index));
      case BOOLEAN -> to.add(target, from.getBoolean(field, index));
      case INT96 -> to.add(target, from.getInt96(field, index));
      case BINARY, FIXED_LEN_BYTE_ARRAY -> to.add(target, from.getBinary(field, index));
    }
  }
}
