package org.sparklora.pipeline.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OrderedFooterTest {
  private static final int END = 8; // the footer's length and PAR1

  @TempDir Path folder;

  private byte[] file() throws IOException {
    MessageType schema =
        MessageTypeParser.parseMessageType("message row { required binary text (UTF8); }");
    Path file = folder.resolve("rows.parquet");
    try (RowFile<Group> out =
        RowFile.ofGroups(
            new Configuration(false), new org.apache.hadoop.fs.Path(file.toString()), schema)) {
      for (int row = 0; row < 100; row++) {
        Group group = new SimpleGroup(schema);
        group.add("text", "text " + row % 7);
        out.write(group);
      }
    }
    return Files.readAllBytes(file);
  }

  private static int start(byte[] file) {
    int end = file.length - END;
    return end - ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(end);
  }

  private static FileMetaData footer(byte[] file) throws IOException {
    return Util.readFileMetaData(
        new ByteArrayInputStream(file, start(file), file.length - END - start(file)));
  }

  private byte[] copied(byte[] bytes, int part) throws IOException {
    Path copy = folder.resolve("copy-" + part);
    HadoopOutputFile file =
        HadoopOutputFile.fromPath(
            new org.apache.hadoop.fs.Path(copy.toString()), new Configuration(false));
    try (PositionOutputStream out = new OrderedFooter(file).createOrOverwrite(0)) {
      for (int from = 0; from < bytes.length; from += part) {
        if (part == 1) {
          out.write(bytes[from]);
        } else {
          out.write(bytes, from, Math.min(part, bytes.length - from));
        }
        assertThat(out.getPos()).isEqualTo(Math.min(from + part, bytes.length));
      }
    }
    return Files.readAllBytes(copy);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1000, 5_000_000})
  void encodingsAreListedInTheOrderOfTheirNumbers(int part) throws IOException {
    byte[] ordered = file();
    FileMetaData footer = footer(ordered);
    List<Encoding> encodings =
        footer.getRow_groups().get(0).getColumns().get(0).getMeta_data().getEncodings();
    assertThat(encodings).hasSizeGreaterThan(1).isSorted();
    Collections.reverse(encodings);
    ByteArrayOutputStream reversed = new ByteArrayOutputStream();
    reversed.write(ordered, 0, start(ordered));
    Util.writeFileMetaData(footer, reversed);
    reversed.write(ordered, ordered.length - END, END);
    byte[] other = reversed.toByteArray();
    assertThat(other).isNotEqualTo(ordered);

    assertThat(copied(other, part)).isEqualTo(ordered);
  }

  @Test
  void bytesBeforeTheFooterStayAsTheyAre() throws IOException {
    byte[] end = file();
    byte[] large = new byte[3_000_001];
    Arrays.fill(large, (byte) 7);
    byte[] whole = Arrays.copyOf(large, large.length + end.length);
    System.arraycopy(end, 0, whole, large.length, end.length);

    assertThat(copied(whole, 4096)).isEqualTo(whole);
    assertThat(copied(large, 4097)).as("a file without a footer").isEqualTo(large);
    assertThat(copied(new byte[0], 1)).isEmpty();
  }

  @Test
  void eachColumnOfAFileIsOrdered() throws IOException {
    for (ColumnChunk column : footer(file()).getRow_groups().get(0).getColumns()) {
      assertThat(column.getMeta_data().getEncodings()).isSorted();
    }
  }
}
