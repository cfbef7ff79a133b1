package org.sparklora.model.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.sparklora.model.engine.tensor.Bfloat16;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Float16;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.text.json.JsonFile;

/**
 * Writes a safetensors file as {@code save_file} of the reference implementation would: tensors by
 * falling element size, then by type and name, with the metadata {@code {"format": "pt"}} that
 * transformers asks for. The same tensors give the same bytes.
 *
 * <p>The file appears under its final name only when it is complete.
 */
public final class SafeTensorsWriter {
  private static final int CHUNK_ELEMENTS = 1 << 18;
  private static final int ALIGNMENT = 8;

  private SafeTensorsWriter() {}

  /**
   * A tensor of a file, cast to {@code dtype}. The writer opens it just before it is written and
   * closes it then, so that only one need exist at a time.
   */
  public record Entry(String name, DType dtype, long[] shape, Source source) {

    /** An entry of an existing tensor, which stays open. */
    public static Entry of(String name, DType dtype, Tensor tensor) {
      return new Entry(name, dtype, tensor.shape(), () -> tensor.view(0, tensor.shape()));
    }

    private long bytes() {
      return Tensor.sizeOf(shape) * dtype.bytes();
    }
  }

  /** Makes a tensor, which the caller closes. */
  @FunctionalInterface
  public interface Source {
    Tensor open() throws IOException;
  }

  /** Writes all entries, in the format's order whatever the order of the list. */
  public static void write(Path file, List<Entry> entries) throws IOException {
    write(file, entries, Map.of());
  }

  /** Writes all entries, with further entries of the header's {@code __metadata__}. */
  public static void write(Path file, List<Entry> entries, Map<String, String> metadata)
      throws IOException {
    List<Entry> ordered =
        entries.stream()
            .sorted(
                Comparator.comparing((Entry entry) -> -entry.dtype().bytes())
                    .thenComparing(entry -> entry.dtype().safetensorsName())
                    .thenComparing(Entry::name))
            .toList();
    Path aside = file.resolveSibling(file.getFileName() + ".part");
    try (FileChannel channel =
        FileChannel.open(
            aside,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      drain(channel, header(ordered, metadata));
      for (Entry entry : ordered) {
        try (Tensor tensor = entry.source().open()) {
          writeTensor(channel, entry, tensor);
        }
      }
      channel.force(true);
    }
    Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  private static ByteBuffer header(List<Entry> entries, Map<String, String> metadata)
      throws IOException {
    ObjectNode root = JsonFile.newObject();
    ObjectNode about = root.putObject(SafeTensorsHeader.METADATA).put("format", "pt");
    new TreeMap<>(metadata).forEach(about::put);
    Set<String> names = new HashSet<>();
    long offset = 0;
    for (Entry entry : entries) {
      if (!names.add(entry.name())) {
        throw new IllegalArgumentException(
            "Cannot write tensor %s twice into one file".formatted(entry.name()));
      }
      ObjectNode node = root.putObject(entry.name());
      node.put("dtype", entry.dtype().safetensorsName());
      ArrayNode shape = node.putArray("shape");
      for (long dimension : entry.shape()) {
        shape.add(dimension);
      }
      node.putArray("data_offsets").add(offset).add(offset + entry.bytes());
      offset += entry.bytes();
    }
    byte[] text = root.toString().getBytes(StandardCharsets.UTF_8);
    byte[] padded = Arrays.copyOf(text, (text.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    Arrays.fill(padded, text.length, padded.length, (byte) ' '); // so that floats lie aligned
    ByteBuffer header = ByteBuffer.allocate(8 + padded.length).order(ByteOrder.LITTLE_ENDIAN);
    return header.putLong(padded.length).put(padded).flip();
  }

  private static void writeTensor(FileChannel channel, Entry entry, Tensor tensor)
      throws IOException {
    if (tensor.size() * entry.dtype().bytes() != entry.bytes()) {
      throw new IllegalArgumentException(
          "Cannot write %s as tensor %s: its size differs from what was announced"
              .formatted(tensor, entry.name()));
    }
    float[] values = new float[(int) Math.min(CHUNK_ELEMENTS, tensor.size())];
    ByteBuffer buffer =
        ByteBuffer.allocateDirect(values.length * entry.dtype().bytes())
            .order(ByteOrder.LITTLE_ENDIAN);
    for (long done = 0; done < tensor.size(); done += values.length) {
      int count = (int) Math.min(values.length, tensor.size() - done);
      tensor.read(done, values, 0, count);
      buffer.clear();
      for (int i = 0; i < count; i++) {
        switch (entry.dtype()) {
          case FLOAT32 -> buffer.putFloat(values[i]);
          case BFLOAT16 -> buffer.putShort(Bfloat16.fromFloat(values[i]));
          case FLOAT16 -> buffer.putShort(Float16.fromFloat(values[i]));
        }
      }
      drain(channel, buffer.flip());
    }
  }

  private static void drain(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }
}
