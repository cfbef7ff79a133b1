package org.sparklora.prep.curate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * Finds the types of JSON and CSV columns in all their values, and writes the values as Parquet.
 *
 * <p>A type is {@code text}, {@code integer}, {@code number}, {@code boolean}, {@code null} or
 * {@code mixed}, a list of one type, or a map of fields to types, so that it can be sent as JSON.
 * Of values whose types differ, whole numbers become numbers and all others mixed. A column with
 * anything mixed in it is text, which is JSON where the value is no text.
 */
final class ColumnTypes {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TEXT = "text";
  private static final String INTEGER = "integer";
  private static final String NUMBER = "number";
  private static final String BOOLEAN = "boolean";
  private static final String NULL = "null";
  private static final String MIXED = "mixed";
  private static final String LIST = "list";
  private static final String ELEMENT = "element";

  private ColumnTypes() {}

  static Object of(Object value) {
    if (value instanceof Map<?, ?> fields) {
      Map<String, Object> types = new LinkedHashMap<>();
      fields.forEach((name, field) -> types.put(String.valueOf(name), of(field)));
      return types;
    }
    if (value instanceof List<?> elements) {
      Object type = NULL;
      for (Object element : elements) {
        type = merged(type, of(element));
      }
      return List.of(type);
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
      others.forEach((name, type) -> all.merge(String.valueOf(name), type, ColumnTypes::merged));
      return all;
    }
    if (a instanceof List<?> list && b instanceof List<?> other) {
      return List.of(merged(list.get(0), other.get(0)));
    }
    boolean numbers = List.of(INTEGER, NUMBER).containsAll(List.of(a, b));
    return numbers ? NUMBER : MIXED;
  }

  static String toJson(Object type) {
    try {
      return JSON.writeValueAsString(type);
    } catch (JsonProcessingException e) {
      throw new AssertionError("Maps, lists and texts are JSON", e);
    }
  }

  /** The type that {@link #toJson} wrote. */
  static Object parse(String json) {
    try {
      return JSON.readValue(json, Object.class);
    } catch (JsonProcessingException e) {
      throw new AssertionError("It was written by this class", e);
    }
  }

  /** The schema of rows of this type. */
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
    return type.equals(INTEGER)
        ? Types.optional(PrimitiveTypeName.INT64).named(name)
        : type.equals(NUMBER)
            ? Types.optional(PrimitiveTypeName.DOUBLE).named(name)
            : type.equals(BOOLEAN)
                ? Types.optional(PrimitiveTypeName.BOOLEAN).named(name)
                : Types.optional(PrimitiveTypeName.BINARY)
                    .as(LogicalTypeAnnotation.stringType())
                    .named(name);
  }

  /** Puts the fields of a row, or of a struct, into its group. */
  static void put(Group group, Map<?, ?> values) {
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
      default -> group.add(field, value instanceof String text ? text : toJson(value));
    }
  }
}
