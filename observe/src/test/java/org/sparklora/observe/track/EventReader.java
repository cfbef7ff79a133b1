package org.sparklora.observe.track;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/** Reads scalars back from event files, and checks every frame. */
final class EventReader {
  /**
   * A point of a curve.
   *
   * @param value as it is stored
   */
  record Point(String tag, long step, float value) {}

  private EventReader() {}

  /** The points in all event files of a folder. */
  static List<Point> points(Path folder) throws IOException {
    List<Point> points = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      files.sorted().forEach(file -> points.addAll(pointsOf(file)));
    }
    return points;
  }

  private static List<Point> pointsOf(Path file) {
    try {
      ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      List<Point> points = new ArrayList<>();
      while (in.hasRemaining()) {
        byte[] length = take(in, Long.BYTES);
        assertThat(in.getInt()).as("checksum of a length").isEqualTo(masked(length));
        byte[] event =
            take(in, (int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong());
        assertThat(in.getInt()).as("checksum of an event").isEqualTo(masked(event));
        addPoints(ByteBuffer.wrap(event).order(ByteOrder.LITTLE_ENDIAN), points);
      }
      return points;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void addPoints(ByteBuffer event, List<Point> points) {
    long step = 0;
    List<ByteBuffer> values = new ArrayList<>();
    while (event.hasRemaining()) {
      int key = (int) varint(event);
      switch (key >>> 3) {
        case 1 -> event.getDouble();
        case 2 -> step = varint(event);
        case 5 -> {
          ByteBuffer summary = message(event);
          while (summary.hasRemaining()) {
            assertThat(varint(summary)).isEqualTo(1 << 3 | 2);
            values.add(message(summary));
          }
        }
        default -> message(event);
      }
    }
    for (ByteBuffer value : values) {
      assertThat(varint(value)).isEqualTo(1 << 3 | 2);
      ByteBuffer name = message(value);
      String tag = StandardCharsets.UTF_8.decode(name).toString();
      if (varint(value) == (2 << 3 | 5)) {
        points.add(new Point(tag, step, value.getFloat()));
      }
    }
  }

  private static byte[] take(ByteBuffer in, int size) {
    byte[] bytes = new byte[size];
    in.get(bytes);
    return bytes;
  }

  private static ByteBuffer message(ByteBuffer in) {
    return ByteBuffer.wrap(take(in, (int) varint(in))).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = in.get();
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  private static int masked(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    long value = crc.getValue();
    return (int) ((value >>> 15 | value << 17) + 0xa282ead8L);
  }
}
