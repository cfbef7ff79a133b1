package org.sparklora.observe.track;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.StreamCapabilities;
import org.sparklora.observe.track.sink.TrackedRow;

/**
 * TensorBoard's event file: {@code tensorboard.Event} messages, each in a frame of TensorFlow's
 * record format.
 *
 * <pre>
 * uint64  length of the message      little-endian, as all numbers here
 * uint32  masked CRC-32C of these eight bytes
 * byte[]  message
 * uint32  masked CRC-32C of the message
 * </pre>
 *
 * where masked is {@code rotateRight(crc, 15) + 0xa282ead8}. Not thread-safe.
 */
final class EventFile implements Closeable {
  private static final int CRC_MASK = 0xa282ead8;
  private static final int CRC_ROTATION = 15;

  // tensorboard.Event
  private static final int WALL_TIME = 1;
  private static final int STEP = 2;
  private static final int FILE_VERSION = 3;
  private static final int SUMMARY = 5;
  private static final int SESSION_LOG = 7;

  // SessionLog, Summary, Summary.Value, SummaryMetadata, SummaryMetadata.PluginData, TensorProto
  private static final int STATUS = 1;
  private static final int STATUS_START = 1;
  private static final int VALUE = 1;
  private static final int TAG = 1;
  private static final int SIMPLE_VALUE = 2;
  private static final int TENSOR = 8;
  private static final int METADATA = 9;
  private static final int PLUGIN_DATA = 1;
  private static final int PLUGIN_NAME = 1;
  private static final int DTYPE = 1;
  private static final int DTYPE_STRING = 7;
  private static final int STRING_VALUE = 8;

  private final FSDataOutputStream out;

  /** Starts a file; {@code out} is closed with it. */
  EventFile(FSDataOutputStream out, Instant time) throws IOException {
    this.out = out;
    write(event(time, 0).string(FILE_VERSION, "brain.Event:2"));
    // tells readers to discard events of this run in other files
    write(event(time, 0).message(SESSION_LOG, new ProtoMessage().int64(STATUS, STATUS_START)));
  }

  private static ProtoMessage event(Instant time, long step) {
    double seconds = time.getEpochSecond() + time.getNano() / 1e9;
    ProtoMessage event = new ProtoMessage().float64(WALL_TIME, seconds);
    return step == 0 ? event : event.int64(STEP, step); // protocol buffers omit default values
  }

  /** Adds the row's metrics as scalars, and its alerts as text. */
  void add(TrackedRow row) throws IOException {
    ProtoMessage summary = new ProtoMessage();
    row.shown()
        .forEach(
            (name, value) ->
                summary.message(
                    VALUE,
                    new ProtoMessage()
                        .string(TAG, name)
                        .float32(SIMPLE_VALUE, value.floatValue())));
    if (!row.completions().isEmpty()) {
      String text = verbatim(row.completions().stream().map(Map::toString));
      summary.message(VALUE, text(TrackedRow.COMPLETIONS, text));
    }
    row.alerts()
        .forEach(
            alert ->
                summary.message(
                    VALUE,
                    text("alerts/" + alert.title(), alert.level().word() + ": " + alert.text())));
    write(event(row.time(), row.step()).message(SUMMARY, summary));
  }

  /** A block of Markdown that shows texts as they are; their own line breaks do not end it. */
  static String verbatim(Stream<String> texts) {
    return texts
        .flatMap(String::lines)
        .map(line -> "    " + line)
        .collect(Collectors.joining("\n"));
  }

  /** Adds a text, which TensorBoard shows as Markdown. */
  void addText(Instant time, String tag, String text) throws IOException {
    write(event(time, 0).message(SUMMARY, new ProtoMessage().message(VALUE, text(tag, text))));
  }

  private static ProtoMessage text(String tag, String text) {
    ProtoMessage plugin = new ProtoMessage().string(PLUGIN_NAME, "text");
    return new ProtoMessage()
        .string(TAG, tag)
        .message(METADATA, new ProtoMessage().message(PLUGIN_DATA, plugin))
        .message(TENSOR, new ProtoMessage().int64(DTYPE, DTYPE_STRING).string(STRING_VALUE, text));
  }

  private void write(ProtoMessage message) throws IOException {
    byte[] payload = message.toByteArray();
    byte[] length =
        ByteBuffer.allocate(Long.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(payload.length)
            .array();
    out.write(length);
    out.write(maskedCrc(length));
    out.write(payload);
    out.write(maskedCrc(payload));
  }

  private static byte[] maskedCrc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    int masked = Integer.rotateRight((int) crc.getValue(), CRC_ROTATION) + CRC_MASK;
    return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(masked).array();
  }

  /** Makes the added events visible to readers. */
  void flush() throws IOException {
    if (out.hasCapability(StreamCapabilities.HSYNC)) {
      out.hflush();
    } else {
      out.flush(); // an object store shows a file only when it is closed
    }
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
