package org.sparklora.prep.curate;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.prep.source.SourceRow;

/**
 * Finds the types of JSON and CSV columns in all their values, and makes rows of datasets into
 * groups of Parquet.
 *
 * <p>A type is {@code text}, {@code integer}, {@code number}, {@code boolean}, {@code null} or
 * {@code mixed}, a list of one type, or a map of fields to types, of classes that Kryo can write.
 * Of values whose types differ, whole numbers become numbers and all others mixed, as are structs
 * with too many fields. A column with anything mixed in it is text, which is JSON where the value
 * is no text.
 */
final class ColumnTypes {
  private static final String TEXT = "text";
  private static final String INTEGER = "integer";
  private static final String NUMBER = "number";
  private static final String BOOLEAN = "boolean";
  private static final String NULL = "null";
  private static final String MIXED = "mixed";
  private static final String LIST = "list";
  private static final String ELEMENT = "element";

  /** A struct with more fields has data for names, and a column for each would fill the memory. */
  private static final int MOST_FIELDS = 1_000;

  private ColumnTypes() {}

  static Object of(Object value) {
    if (value instanceof Map<?, ?> fields) {
      Map<String, Object> types = new LinkedHashMap<>();
      fields.forEach((name, field) -> types.put(String.valueOf(name), inner(of(field))));
      return types;
    }
    if (value instanceof List<?> elements) {
      return Collections.singletonList(
          elements.stream().map(ColumnTypes::of).reduce(NULL, (x, y) -> inner(merged(x, y))));
    }
    if (value instanceof Integer || value instanceof Long) {
      return INTEGER;
    }
    if (value instanceof Double || value instanceof Float) {
      return NUMBER;
    }
    return value == null ? NULL : value instanceof Boolean ? BOOLEAN : TEXT;
  }

  /** The type that holds the values of both types. */
  static Object merged(Object a, Object b) {
    if (a.equals(b) || b.equals(NULL)) {
      return a;
    }
    if (a.equals(NULL)) {
      return b;
    }
    if (a instanceof Map<?, ?> fields && b instanceof Map<?, ?> others) {
      Map<String, Object> all = new LinkedHashMap<>();
      fields.forEach((name, type) -> all.put(String.valueOf(name), type));
      others.forEach(
          (name, type) -> all.merge(String.valueOf(name), type, (x, y) -> inner(merged(x, y))));
      return all;
    }
    if (a instanceof List<?> list && b instanceof List<?> other) {
      return Collections.singletonList(inner(merged(list.get(0), other.get(0))));
    }
    boolean numbers = List.of(INTEGER, NUMBER).containsAll(List.of(a, b));
    return numbers ? NUMBER : MIXED;
  }

  private static Object inner(Object type) {
    return type instanceof Map<?, ?> fields && fields.size() > MOST_FIELDS ? MIXED : type;
  }

  static MessageType schema(Object row) {
    Map<Object, Object> columns = new LinkedHashMap<>((Map<?, ?>) row);
    // templates print tools in the order of their keys, which a struct does not keep
    columns.replaceAll((name, type) -> name.equals("tools") || !isKept(type) ? TEXT : type);
    return new MessageType("row", fields(columns));
  }

  /** Whether a Parquet column of the type gives back the values that it was given. */
  private static boolean isKept(Object type) {
    if (type instanceof List<?> list) {
      return isKept(list.get(0));
    }
    if (type instanceof Map<?, ?> fields) { // Parquet has no empty structs
      return !fields.isEmpty() && fields.values().stream().allMatch(ColumnTypes::isKept);
    }
    return !type.equals(MIXED);
  }

  private static List<Type> fields(Map<?, ?> types) {
    List<Type> fields = new ArrayList<>();
    types.forEach((name, type) -> fields.add(field(String.valueOf(name), type)));
    return fields;
  }

  private static Type field(String name, Object type) {
    if (type instanceof List<?> list) {
      return Types.optionalGroup()
          .as(LogicalTypeAnnotation.listType())
          .addField(Types.repeatedGroup().addField(field(ELEMENT, list.get(0))).named(LIST))
          .named(name);
    }
    if (type instanceof Map<?, ?> fields) {
      return new GroupType(Type.Repetition.OPTIONAL, name, fields(fields));
    }
    return switch (type.toString()) {
      case INTEGER -> Types.optional(PrimitiveTypeName.INT64).named(name);
      case NUMBER -> Types.optional(PrimitiveTypeName.DOUBLE).named(name);
      case BOOLEAN -> Types.optional(PrimitiveTypeName.BOOLEAN).named(name);
      default ->
          Types.optional(PrimitiveTypeName.BINARY)
              .as(LogicalTypeAnnotation.stringType())
              .named(name);
    };
  }

  /**
   * A row exactly as its Parquet file holds it, or by its values.
   *
   * @param schema the columns of all files of the dataset; one that the row lacks is null
   * @param asStored whether all these files are Parquet, so that their columns have its types
   */
  static Group group(MessageType schema, SourceRow row, boolean asStored) {
    Group group = new SimpleGroup(schema);
    row.stored()
        .filter(stored -> asStored)
        .ifPresentOrElse(stored -> copy(stored, group), () -> put(group, row.values()));
    return group;
  }

  private static void copy(Group from, Group to) {
    for (int field = 0; field < from.getType().getFieldCount(); field++) {
      Type type = from.getType().getType(field);
      if (to.getType().containsField(type.getName())) {
        int target = to.getType().getFieldIndex(type.getName());
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

  private static void put(Group group, Map<?, ?> values) {
    values.forEach(
        (name, value) -> {
          String field = String.valueOf(name);
          if (value != null && group.getType().containsField(field)) {
            put(group, field, value);
          }
        });
  }

  private static void put(Group group, String field, Object value) {
    Type type = group.getType().getType(field);
    if (!type.isPrimitive()) {
      Group inner = group.addGroup(field);
      if (value instanceof Map<?, ?> fields) {
        put(inner, fields);
      } else {
        for (Object element : (List<?>) value) {
          Group place = inner.addGroup(LIST);
          if (element != null) {
            put(place, ELEMENT, element);
          }
        }
      }
      return;
    }
    switch (type.asPrimitiveType().getPrimitiveTypeName()) {
      case INT64 -> group.add(field, ((Number) value).longValue());
      case DOUBLE -> group.add(field, ((Number) value).doubleValue());
      case BOOLEAN -> group.add(field, (Boolean) value);
      default -> group.add(field, value instanceof String text ? text : Prompt.json(value));
    }
  }
}
