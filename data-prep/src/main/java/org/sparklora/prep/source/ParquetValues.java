package org.sparklora.prep.source;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.NanoTime;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;

/**
 * Parquet groups as Java values: structs and maps become {@code Map}, lists {@code List}, binary
 * columns text (UTF-8), decimals {@code BigDecimal}, dates, timestamps and UUIDs text, other bytes
 * and a missing value null; numbers and booleans stay.
 *
 * <p>Reads lists of both layouts: three levels ({@code list.element} of pyarrow and Spark) and the
 * older two.
 */
final class ParquetValues {
  private static final char REPLACEMENT = '\uFFFD';
  private static final LocalDateTime EPOCH = LocalDateTime.ofEpochSecond(0, 0, ZoneOffset.UTC);
  private static final long JULIAN_EPOCH_DAY = 2_440_588;

  private ParquetValues() {}

  static Map<String, Object> toMap(Group group) {
    Map<String, Object> values = new LinkedHashMap<>();
    GroupType type = group.getType();
    for (int field = 0; field < type.getFieldCount(); field++) {
      values.put(type.getFieldName(field), value(group, field));
    }
    return values;
  }

  private static Object value(Group group, int field) {
    Type type = group.getType().getType(field);
    if (type.isRepetition(Type.Repetition.REPEATED)) {
      return repeated(group, field, false); // a bare repeated field is a list that cannot be null
    }
    return group.getFieldRepetitionCount(field) == 0 ? null : one(group, field, 0);
  }

  private static Object one(Group group, int field, int index) {
    Type type = group.getType().getType(field);
    if (type.isPrimitive()) {
      return primitive(group, field, index, type.asPrimitiveType());
    }
    Group inner = group.getGroup(field, index);
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    if (logical instanceof LogicalTypeAnnotation.ListLogicalTypeAnnotation) {
      return repeated(inner, 0, hasElementLevel(type.asGroupType()));
    }
    if (logical instanceof LogicalTypeAnnotation.MapLogicalTypeAnnotation) {
      return entries(inner);
    }
    return toMap(inner);
  }

  /**
   * Parquet's rule of compatibility: a repeated group of one field, not named array or after its
   * list, only wraps the element.
   */
  private static boolean hasElementLevel(GroupType list) {
    Type repeated = list.getType(0);
    return !repeated.isPrimitive()
        && repeated.asGroupType().getFieldCount() == 1
        && !repeated.getName().equals("array")
        && !repeated.getName().equals(list.getName() + "_tuple");
  }

  private static List<Object> repeated(Group group, int field, boolean elementLevel) {
    int count = group.getFieldRepetitionCount(field);
    List<Object> values = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      values.add(elementLevel ? value(group.getGroup(field, i), 0) : one(group, field, i));
    }
    return values;
  }

  private static Map<String, Object> entries(Group map) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (int i = 0; i < map.getFieldRepetitionCount(0); i++) {
      Group entry = map.getGroup(0, i);
      values.put(
          String.valueOf(value(entry, 0)),
          entry.getType().getFieldCount() > 1 ? value(entry, 1) : null);
    }
    return values;
  }

  private static Object primitive(Group group, int field, int index, PrimitiveType type) {
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    if (logical instanceof DecimalLogicalTypeAnnotation decimal) {
      return new BigDecimal(unscaled(group, field, index, type), decimal.getScale());
    }
    if (logical instanceof LogicalTypeAnnotation.DateLogicalTypeAnnotation) {
      return LocalDate.ofEpochDay(group.getInteger(field, index)).toString();
    }
    if (logical instanceof LogicalTypeAnnotation.TimestampLogicalTypeAnnotation timestamp) {
      ChronoUnit unit = ChronoUnit.valueOf(timestamp.getUnit().name());
      return text(EPOCH.plus(group.getLong(field, index), unit));
    }
    if (logical instanceof IntLogicalTypeAnnotation whole && !whole.isSigned()) {
      return type.getPrimitiveTypeName() == PrimitiveType.PrimitiveTypeName.INT32
          ? Integer.toUnsignedLong(group.getInteger(field, index))
          : new BigInteger(Long.toUnsignedString(group.getLong(field, index)));
    }
    return switch (type.getPrimitiveTypeName()) {
      case BOOLEAN -> group.getBoolean(field, index);
      case INT32 -> group.getInteger(field, index);
      case INT64 -> group.getLong(field, index);
      case FLOAT -> group.getFloat(field, index);
      case DOUBLE -> group.getDouble(field, index);
      case BINARY -> text(group.getBinary(field, index), type);
      case FIXED_LEN_BYTE_ARRAY ->
          logical instanceof LogicalTypeAnnotation.UUIDLogicalTypeAnnotation
              ? type.stringifier().stringify(group.getBinary(field, index))
              : null;
      case INT96 -> {
        NanoTime time = NanoTime.fromBinary(group.getInt96(field, index));
        long days = time.getJulianDay() - JULIAN_EPOCH_DAY;
        yield text(EPOCH.plusDays(days).plusNanos(time.getTimeOfDayNanos()));
      }
    };
  }

  /** Formats a timestamp like the cast of Spark SQL to text. */
  private static String text(LocalDateTime time) {
    return DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(time).replace('T', ' ');
  }

  private static BigInteger unscaled(Group group, int field, int index, PrimitiveType type) {
    return switch (type.getPrimitiveTypeName()) {
      case INT32 -> BigInteger.valueOf(group.getInteger(field, index));
      case INT64 -> BigInteger.valueOf(group.getLong(field, index));
      default -> new BigInteger(group.getBinary(field, index).getBytes());
    };
  }

  /** Bytes as text; null if they are not UTF-8, which a column of text is not allowed to be. */
  private static String text(Binary bytes, PrimitiveType type) {
    String text = bytes.toStringUsingUTF8();
    if (text.indexOf(REPLACEMENT) >= 0) {
      try {
        StandardCharsets.UTF_8.newDecoder().decode(bytes.toByteBuffer());
      } catch (CharacterCodingException e) {
        if (type.getLogicalTypeAnnotation() instanceof StringLogicalTypeAnnotation) {
          throw new IllegalArgumentException(
              "column %s is text and not UTF-8".formatted(type.getName()));
        }
        return null;
      }
    }
    return text;
  }
}
