package org.sparklora.prep.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;

class ParquetValuesTest {
  @Test
  void decimalsHaveTheirPoint() {
    SimpleGroup row =
        new SimpleGroup(
            MessageTypeParser.parseMessageType(
                """
                message m {
                  required int32 small (DECIMAL(5,2));
                  required int64 large (DECIMAL(18,3));
                  required binary long (DECIMAL(30,1));
                  optional int32 none (DECIMAL(5,2));
                }
                """));
    row.add("small", 150);
    row.add("large", -1_005L);
    row.add("long", Binary.fromConstantByteArray(new byte[] {1, 0}));

    assertThat(ParquetValues.toMap(row))
        .containsEntry("small", new BigDecimal("1.50"))
        .containsEntry("large", new BigDecimal("-1.005"))
        .containsEntry("long", new BigDecimal("25.6"))
        .containsEntry("none", null);
  }
}
