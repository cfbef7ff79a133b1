package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.sparklora.prep.source.SourceRow;

class ColumnTypesTest {
  private static Object merged(Object... values) {
    return Arrays.stream(values).map(ColumnTypes::of).reduce("null", ColumnTypes::merged);
  }

  @Test
  void areThoseOfAllValues() {
    assertThat(merged(1, null, 2L)).isEqualTo("integer");
    assertThat(merged(1, 0.5)).isEqualTo("number");
    assertThat(merged(1, "a")).isEqualTo("mixed");
    assertThat(merged(true, null)).isEqualTo("boolean");
    assertThat(merged(List.of(), List.of(1), List.of(0.5))).isEqualTo(List.of("number"));
    assertThat(merged(Map.of("a", 1), Map.of("b", "x"), Map.of("a", 0.5)))
        .isEqualTo(Map.of("a", "number", "b", "text"));
    assertThat(merged(List.of(1), "a")).isEqualTo("mixed");
  }

  @Test
  void aColumnThatAStructWouldChangeIsJsonText() {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("messages", List.of(Map.of("content", "a"), Map.of("content", List.of(1))));
    row.put("schema", Map.of("parameters", Map.of()));
    row.put("mixed", List.of("a", Double.NaN));
    row.put("tools", List.of(new TreeMap<>(Map.of("b", 1, "a", 2)).descendingMap()));
    Group group =
        ColumnTypes.group(
            ColumnTypes.schema(ColumnTypes.of(row)),
            new SourceRow(row, () -> "", Optional.empty()),
            false);
    assertThat(group.getString("messages", 0)).isEqualTo("[{\"content\":\"a\"},{\"content\":[1]}]");
    assertThat(group.getString("mixed", 0)).isEqualTo("[\"a\",NaN]"); // not the text NaN
    assertThat(group.getString("schema", 0)).isEqualTo("{\"parameters\":{}}");
    assertThat(group.getString("tools", 0)).isEqualTo("[{\"b\":1,\"a\":2}]");
  }

  @Test
  void aRowOfParquetBesideJsonHasTheColumnsOfAllFiles() {
    Map<String, Object> said = new LinkedHashMap<>(Map.of("role", "user"));
    said.put("content", "Hello");
    Map<String, Object> row = new LinkedHashMap<>(Map.of("n", 1));
    row.put("message", said);
    MessageType ofJson = ColumnTypes.schema(ColumnTypes.of(row));
    Group stored =
        new SimpleGroup(
            MessageTypeParser.parseMessageType(
                """
                message row {
                  optional int32 n;
                  optional group message { optional binary content (STRING); optional binary role (STRING); }
                }"""));
    stored.add("n", 1);
    stored.addGroup("message").append("content", "Hello").append("role", "user");
    SourceRow read = new SourceRow(row, () -> "", Optional.of(stored));
    Group group = ColumnTypes.group(ofJson, read, false);
    assertThat(group.getLong("n", 0)).isEqualTo(1);
    assertThat(group.getGroup("message", 0).getType()).isEqualTo(ofJson.getType("message"));
    assertThat(group.getGroup("message", 0).getString("role", 0)).isEqualTo("user");
    MessageType ofParquet = new MessageType("row", stored.getType().getFields());
    assertThat(ColumnTypes.group(ofParquet, read, true).getInteger("n", 0)).isEqualTo(1);
  }

  @Test
  void aStructWithoutEndOfFieldsIsMixed() {
    Map<String, Object> fields = new TreeMap<>();
    IntStream.range(0, 1_000).forEach(i -> fields.put("key" + i, i));
    Map<String, Object> other = Map.of("another", 1);
    assertThat(merged(Map.of("data", fields)))
        .isEqualTo(Map.of("data", ColumnTypes.of(fields)))
        .isNotEqualTo(Map.of("data", "mixed"));
    assertThat(merged(Map.of("data", fields), Map.of("data", other), Map.of("data", other)))
        .isEqualTo(Map.of("data", "mixed"));
    assertThat(merged(List.of(fields, other))).isEqualTo(List.of("mixed"));
    fields.putAll(other);
    assertThat(merged(Map.of("data", fields))).isEqualTo(Map.of("data", "mixed"));
    assertThat(merged(fields)).isInstanceOf(Map.class); // of a row, all columns stay
  }

  @Test
  void areColumnsOfParquet() {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("messages", List.of(Map.of("role", "user")));
    row.put("n", 1);
    row.put("empty", Map.of());
    row.put("nothing", null);
    assertThat(ColumnTypes.schema(ColumnTypes.of(row)))
        .isEqualTo(
            MessageTypeParser.parseMessageType(
                """
                message row {
                  optional group messages (LIST) {
                    repeated group list { optional group element { optional binary role (STRING); } }
                  }
                  optional int64 n;
                  optional binary empty (STRING);
                  optional binary nothing (STRING);
                }"""));
  }
}
