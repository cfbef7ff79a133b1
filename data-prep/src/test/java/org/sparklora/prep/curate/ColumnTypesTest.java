package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.parquet.example.data.Group;
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
            new SourceRow(row, () -> "", Optional.empty()));
    assertThat(group.getString("messages", 0)).isEqualTo("[{\"content\":\"a\"},{\"content\":[1]}]");
    assertThat(group.getString("mixed", 0)).isEqualTo("[\"a\",NaN]"); // not the text NaN
    assertThat(group.getString("schema", 0)).isEqualTo("{\"parameters\":{}}");
    assertThat(group.getString("tools", 0)).isEqualTo("[{\"b\":1,\"a\":2}]");
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
