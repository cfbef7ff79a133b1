package org.sparklora.model.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.sparklora.model.checkpoint.SafeTensors.TensorInfo;
import org.sparklora.text.json.CheckpointException;
import org.sparklora.text.json.JsonFile;

/**
 * The front of a safetensors file: an 8-byte little-endian length, then that many bytes of JSON
 * {@code {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …, "__metadata__":
 * {…}}}, then the tensors' bytes, which the offsets must cover without hole or overlap.
 *
 * <p>The file is untrusted: every length and offset is checked against the file's size before it is
 * used to allocate or map memory.
 */
record SafeTensorsHeader(Map<String, TensorInfo> tensors, Map<String, String> metadata) {
  static final String METADATA = "__metadata__";
  private static final int LENGTH_BYTES = 8;

  /** The limit of the reference implementation. */
  private static final long MAX_HEADER_BYTES = 100_000_000;

  /** Bytes of an element; 0 for an unknown type. */
  private static int elementBytes(String dtype) {
    return switch (dtype) {
      case "F64", "I64", "U64", "C64" -> 8;
      case "F32", "I32", "U32" -> 4;
      case "F16", "BF16", "I16", "U16" -> 2;
      case "I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0" -> 1;
      default -> 0;
    };
  }

  static SafeTensorsHeader read(Path file, FileChannel channel) throws IOException {
    long fileBytes = channel.size();
    if (fileBytes < LENGTH_BYTES) {
      throw refusal(file, 0, "the file has %s bytes, fewer than its length field", fileBytes);
    }
    long headerBytes = readFully(channel, 0, LENGTH_BYTES).getLong();
    if (headerBytes < 2 || headerBytes > MAX_HEADER_BYTES) {
      throw refusal(
          file,
          0,
          "the header is said to have %s bytes, 2 to %,d are allowed",
          Long.toUnsignedString(headerBytes),
          MAX_HEADER_BYTES);
    }
    if (headerBytes > fileBytes - LENGTH_BYTES) {
      throw refusal(
          file,
          0,
          "the header is said to have %,d bytes but only %,d follow",
          headerBytes,
          fileBytes - LENGTH_BYTES);
    }
    byte[] text = readFully(channel, LENGTH_BYTES, (int) headerBytes).array();
    return new SafeTensorsHeaderParser(file, LENGTH_BYTES + headerBytes, fileBytes).parse(text);
  }

  private static ByteBuffer readFully(FileChannel channel, long offset, int count)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {}
    return buffer.flip();
  }

  /** The error for a damaged file; the reason has its values as in {@link String#format}. */
  static CheckpointException refusal(Path file, long offset, String reason, Object... values) {
    return new CheckpointException(
        "Cannot read %s as safetensors: at byte %d %s; the file is damaged or cut, copy it again",
        file, offset, String.format(Locale.ROOT, reason, values));
  }

  /** Turns the JSON text into checked entries. */
  private record SafeTensorsHeaderParser(Path file, long dataStart, long fileBytes) {

    SafeTensorsHeader parse(byte[] text) throws IOException {
      if (text[0] != '{' || text[1] == 0) { // a 0 is UTF-16 or UTF-32 for JSON's parser
        throw refusal(file, LENGTH_BYTES, "the header does not begin with { in UTF-8");
      }
      JsonNode root;
      try {
        root = JsonFile.tree(text);
      } catch (JsonProcessingException e) {
        long offset = e.getLocation() == null ? 0 : e.getLocation().getByteOffset();
        throw refusal(
            file,
            LENGTH_BYTES + Math.max(offset, 0),
            "the header is not JSON (%s)",
            e.getOriginalMessage());
      }
      Map<String, TensorInfo> tensors = new LinkedHashMap<>();
      Map<String, String> metadata = Map.of();
      for (Map.Entry<String, JsonNode> field : root.properties()) {
        if (field.getKey().equals(METADATA)) {
          metadata = metadata(field.getValue());
        } else {
          tensors.put(field.getKey(), tensor(field.getKey(), field.getValue()));
        }
      }
      checkCoverage(tensors);
      return new SafeTensorsHeader(tensors, metadata);
    }

    private Map<String, String> metadata(JsonNode node) {
      Map<String, String> values = new LinkedHashMap<>();
      if (!node.isObject()) {
        throw damaged(METADATA, "is not an object of texts");
      }
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        if (!field.getValue().isTextual()) {
          throw damaged(METADATA, "has %s, which is not a text", field);
        }
        values.put(field.getKey(), field.getValue().asText());
      }
      return values;
    }

    private TensorInfo tensor(String name, JsonNode node) {
      String dtype = node.path("dtype").asText("");
      long bytes = elementBytes(dtype);
      if (bytes == 0) {
        throw damaged(name, "has the unknown dtype %s", node.path("dtype"));
      }
      long[] shape = naturals(name, node.path("shape"), "shape");
      long[] offsets = naturals(name, node.path("data_offsets"), "data_offsets");
      if (offsets.length != 2 || offsets[0] > offsets[1] || offsets[1] > fileBytes - dataStart) {
        throw damaged(
            name,
            "has data_offsets %s, which do not lie in the %,d bytes that follow the header",
            node.path("data_offsets"),
            fileBytes - dataStart);
      }
      try {
        for (long dimension : shape) {
          bytes = Math.multiplyExact(bytes, dimension);
        }
      } catch (ArithmeticException e) {
        throw damaged(name, "has the impossible shape %s", node.path("shape"));
      }
      if (bytes != offsets[1] - offsets[0]) {
        throw damaged(
            name,
            "has %s elements of %s, %,d bytes, but its data_offsets span %,d",
            node.path("shape"),
            dtype,
            bytes,
            offsets[1] - offsets[0]);
      }
      return new TensorInfo(name, dtype, shape, dataStart + offsets[0], bytes);
    }

    private long[] naturals(String name, JsonNode node, String key) {
      if (!node.isArray()) {
        throw damaged(name, "has no %s", key);
      }
      long[] values = new long[node.size()];
      for (int i = 0; i < values.length; i++) {
        JsonNode value = node.get(i);
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.asLong() < 0) {
          throw damaged(name, "has %s %s", key, node);
        }
        values[i] = value.asLong();
      }
      return values;
    }

    /** Checks that each tensor begins where another ends, and the last ends with the file. */
    private void checkCoverage(Map<String, TensorInfo> tensors) {
      List<TensorInfo> inOrder = new ArrayList<>(tensors.values());
      inOrder.sort(
          Comparator.comparingLong(TensorInfo::offset).thenComparingLong(TensorInfo::bytes));
      long end = dataStart;
      for (TensorInfo tensor : inOrder) {
        if (tensor.offset() != end) {
          throw damaged(
              tensor.name(),
              "begins at byte %s, but the one before it ends at byte %s: there must be no hole and no overlap",
              tensor.offset(),
              end);
        }
        end += tensor.bytes();
      }
      if (end != fileBytes) {
        throw refusal(file, end, "the last tensor ends, but the file has %,d bytes", fileBytes);
      }
    }

    private CheckpointException damaged(String name, String reason, Object... values) {
      String said = String.format(Locale.ROOT, reason, values);
      return refusal(file, LENGTH_BYTES, "tensor %s %s", name, said);
    }
  }
}
