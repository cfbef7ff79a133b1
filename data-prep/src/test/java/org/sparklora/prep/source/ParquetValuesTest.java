package org.sparklora.prep.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.apache.parquet.example.data.simple.NanoTime;
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

  @Test
  void numbersWithoutASignAreNotNegative() {
    SimpleGroup row =
        new SimpleGroup(
            MessageTypeParser.parseMessageType(
                """
                message m {
                  required int32 whole (INTEGER(32,false));
                  required int64 large (INTEGER(64,false));
                  required int32 signed (INTEGER(32,true));
                }
                """));
    row.add("whole", -1);
    row.add("large", -1L);
    row.add("signed", -1);

    assertThat(ParquetValues.toMap(row))
        .containsEntry("whole", 4_294_967_295L)
        .containsEntry("large", new BigInteger("18446744073709551615"))
        .containsEntry("signed", -1);
  }

  @Test
  void timesAndIdsAreTextAndOtherBytesAreNull() {
    SimpleGroup row =
        new SimpleGroup(
            MessageTypeParser.parseMessageType(
                """
                message m {
                  required int32 day (DATE);
                  required int64 millis (TIMESTAMP(MILLIS,true));
                  required int64 nanos (TIMESTAMP(NANOS,false));
                  required int96 old;
                  required fixed_len_byte_array(16) id (UUID);
                  required fixed_len_byte_array(2) pair;
                  required binary image;
                  required binary legacy;
                }
                """));
    row.add("day", -1);
    row.add("millis", 1_500L);
    row.add("nanos", -1L);
    row.add("old", new NanoTime(2_440_589, 3_600_000_000_000L));
    row.add("id", Binary.fromString("0123456789abcdef"));
    row.add("pair", Binary.fromString("ab"));
    row.add("image", Binary.fromConstantByteArray(new byte[] {(byte) 0xFF, (byte) 0xD8}));
    row.add("legacy", Binary.fromString("\u00e9"));

    assertThat(ParquetValues.toMap(row))
        .containsEntry("day", "1969-12-31")
        .containsEntry("millis", "1970-01-01 00:00:01.5")
        .containsEntry("nanos", "1969-12-31 23:59:59.999999999")
        .containsEntry("old", "1970-01-02 01:00:00")
        .containsEntry("id", "30313233-3435-3637-3839-616263646566")
        .containsEntry("pair", null)
        .containsEntry("image", null)
        .containsEntry("legacy", "\u00e9");
  }
}
