package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.parquet.schema.Type;
import org.junit.jupiter.api.Test;

class SketchTableTest {

  @Test
  void aFilterDoesWithoutColumnsThatSparkCannotRead() {
    MessageType columns =
        MessageTypeParser.parseMessageType(
            """
            message row {
              optional binary text (STRING);
              optional int64 micros (TIMESTAMP(MICROS,true));
              optional int64 nanos (TIMESTAMP(NANOS,true));
              optional fixed_len_byte_array(16) id (UUID);
              optional group inner { optional int64 nanos (TIMESTAMP(NANOS,false)); }
            }""");
    assertThat(columns.getFields().stream().filter(SketchTable::canRead).map(Type::getName))
        .containsExactly("text", "micros");
  }
}
