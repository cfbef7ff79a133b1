package org.sparklora.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.TinyCheckpoint;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.text.json.CheckpointException;

class SafeTensorsTest {
  private final Engine engine = EnginesUnderTest.reference();

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NF4") // which files do not have
  void tensorsSurviveARoundTripRoundedToTheirType(DType dtype) throws IOException {
    Tensor matrix = TinyCheckpoint.random(new Random(1), 0, 3, 5, 7);
    Tensor vector = TinyCheckpoint.random(new Random(2), 0, 3, 3);
    Path file = folder.resolve("x.safetensors");
    SafeTensorsWriter.write(
        file,
        List.of(
            SafeTensorsWriter.Entry.of("b", dtype, matrix),
            SafeTensorsWriter.Entry.of("a", DType.FLOAT32, vector)));
    assertThat(folder)
        .isDirectoryContaining(path -> path.equals(file))
        .isDirectoryNotContaining("glob:*.part");

    try (SafeTensors read = SafeTensors.open(file)) {
      assertThat(read.metadata()).isEqualTo(Map.of("format", "pt"));
      assertThat(read.find("b").orElseThrow().shape()).containsExactly(5, 7);
      assertThat(read.load("a", DType.FLOAT32, engine).toArray()).containsExactly(vector.toArray());
      Tensor widened = read.load("b", DType.FLOAT32, engine);
      assertThat(widened.dtype()).isEqualTo(DType.FLOAT32);
      // a second trip through the same type must not change anything
      Path again = folder.resolve("again.safetensors");
      SafeTensorsWriter.write(again, List.of(SafeTensorsWriter.Entry.of("b", dtype, widened)));
      try (SafeTensors second = SafeTensors.open(again)) {
        assertThat(second.load("b", DType.FLOAT32, engine).toArray())
            .containsExactly(widened.toArray());
      }
    }
  }

  @Test
  void sameTensorsGiveTheSameBytesWhateverTheirOrder() throws IOException {
    Tensor x = TinyCheckpoint.random(new Random(1), 0, 1, 4);
    SafeTensorsWriter.Entry a = SafeTensorsWriter.Entry.of("a", DType.FLOAT32, x);
    SafeTensorsWriter.Entry b = SafeTensorsWriter.Entry.of("b", DType.BFLOAT16, x);
    SafeTensorsWriter.write(folder.resolve("1"), List.of(a, b));
    SafeTensorsWriter.write(folder.resolve("2"), List.of(b, a));
    assertThat(folder.resolve("1")).hasSameBinaryContentAs(folder.resolve("2"));
  }

  @Test
  void emptyTensorsAndEmptyFilesAreFine() throws IOException {
    Path file = folder.resolve("x");
    SafeTensorsWriter.write(
        file, List.of(SafeTensorsWriter.Entry.of("none", DType.FLOAT32, engine.allocate(0, 3))));
    try (SafeTensors read = SafeTensors.open(file)) {
      assertThat(read.load("none", DType.FLOAT32, engine).shape()).containsExactly(0, 3);
    }
    Files.write(file, file("{}", 0));
    try (SafeTensors read = SafeTensors.open(file)) {
      assertThat(read.tensors()).isEmpty();
    }
  }

  @Test
  void tensorBeyondTwoGigabytesIntoTheFileIsMapped() throws IOException {
    long filler = 5L << 29; // 2.5 GB, a hole on disk
    String header =
        "{\"filler\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[0,%d]},\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[%d,%d]}}"
            .formatted(filler, filler, filler, filler + 8);
    Path path = folder.resolve("large");
    Files.write(path, file(header, 0));
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(8 + header.length() + filler);
      file.write(
          ByteBuffer.allocate(8)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putFloat(1.5f)
              .putFloat(-2)
              .array());
    }
    try (SafeTensors read = SafeTensors.open(path)) {
      assertThat(read.load("x", DType.FLOAT32, engine).toArray()).containsExactly(1.5f, -2f);
      assertThatThrownBy(() -> read.load("filler", DType.FLOAT32, engine))
          .hasMessageContaining("its dtype is U8");
    }
  }

  @Test
  void refusesToWriteATensorTwice() {
    SafeTensorsWriter.Entry entry =
        SafeTensorsWriter.Entry.of("a", DType.FLOAT32, engine.allocate(1));
    assertThatThrownBy(() -> SafeTensorsWriter.write(folder.resolve("x"), List.of(entry, entry)))
        .hasMessageContaining("tensor a twice");
  }

  @Test
  void aTensorThatCannotBeCheckedIsClosed() throws IOException {
    Path file = folder.resolve("x");
    SafeTensorsWriter.write(
        file, List.of(SafeTensorsWriter.Entry.of("a", DType.FLOAT32, engine.allocate(2, 2))));
    long before = NativeMemory.liveBytes();
    try (Engine failing =
            EnginesUnderTest.failing("isFinite"::equals, EnginesUnderTest.kernels("reference:1"));
        SafeTensors read = SafeTensors.open(file)) {
      Tensor mapped = read.map("a", failing);
      assertThatThrownBy(() -> read.requireFinite("a", mapped, failing))
          .hasMessage("this is a test");
    }
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  static Stream<Arguments> damagedFiles() {
    return Stream.of(
        arguments("no bytes at all", new byte[0], "0 bytes, fewer than its length field"),
        arguments("length beyond the file", length(1000), "only 0 follow"),
        arguments("absurd length", length(1L << 60), "2 to 100,000,000 are allowed"),
        arguments("too short a header", length(1), "1 bytes, 2 to 100,000,000 are allowed"),
        arguments("negative length", length(-1), "18446744073709551615 bytes"),
        arguments("no object", file("[1, 2]", 0), "does not begin with {"),
        arguments("UTF-16", file("{\0}\0", 0), "does not begin with { in UTF-8"),
        arguments("cut UTF-32", file("{\0\0\0}", 0), "does not begin with { in UTF-8"),
        arguments("cut JSON", file("{\"a\": {\"dtype\"", 0), "is not JSON"),
        arguments("text after JSON", file("{} {}", 0), "is not JSON"),
        arguments(
            "duplicate name",
            of(8, entry("a", "F32", "[1]", 0, 4), entry("a", "F32", "[1]", 4, 8)),
            "Duplicate field 'a'"),
        arguments(
            "unknown dtype",
            of(4, entry("a", "F31", "[1]", 0, 4)),
            "tensor a has the unknown dtype \"F31\""),
        arguments(
            "end beyond the file", of(4, entry("a", "F32", "[2]", 0, 8)), "data_offsets [0,8]"),
        arguments("end before begin", of(4, entry("a", "F32", "[1]", 4, 0)), "data_offsets [4,0]"),
        arguments("negative offset", of(4, entry("a", "F32", "[1]", -4, 0)), "data_offsets [-4,0]"),
        arguments(
            "fractional offset",
            file("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4.5]}}", 4),
            "data_offsets [0,4.5]"),
        arguments(
            "no offsets",
            file("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4),
            "has no data_offsets"),
        arguments("no entry", file("{\"a\": 5}", 4), "unknown dtype"),
        arguments(
            "shape and bytes differ",
            of(8, entry("a", "F32", "[3]", 0, 8)),
            "12 bytes, but its data_offsets span 8"),
        arguments(
            "shape overflows",
            of(0, entry("a", "F32", "[4611686018427387904,4]", 0, 0)),
            "impossible shape"),
        arguments("negative dimension", of(4, entry("a", "F32", "[-1]", 0, 4)), "shape [-1]"),
        arguments(
            "overlap",
            of(12, entry("a", "F32", "[2]", 0, 8), entry("b", "F32", "[2]", 4, 12)),
            "tensor b begins at"),
        arguments(
            "hole",
            of(12, entry("a", "F32", "[1]", 0, 4), entry("b", "F32", "[1]", 8, 12)),
            "no hole and no overlap"),
        arguments(
            "bytes after the last", of(9, entry("a", "F32", "[1]", 0, 4)), "the last tensor ends"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("damagedFiles")
  void refusesDamagedFilesWithPlaceAndRemedy(String kind, byte[] bytes, String reason)
      throws IOException {
    Path file = folder.resolve("model.safetensors");
    Files.write(file, bytes);
    assertThatThrownBy(() -> SafeTensors.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("at byte ")
        .hasMessageContaining(reason)
        .hasMessageContaining("copy it again");
  }

  @Test
  void everyCutOfAFileIsRefused() throws IOException {
    Path file = folder.resolve("x");
    SafeTensorsWriter.write(
        file, List.of(SafeTensorsWriter.Entry.of("a", DType.FLOAT32, engine.allocate(2, 2))));
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, java.util.Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> SafeTensors.open(file)).isInstanceOf(CheckpointException.class);
    }
  }

  private static String entry(String name, String dtype, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, dtype, shape, begin, end);
  }

  private static byte[] of(int dataBytes, String... entries) {
    return file("{" + String.join(",", entries) + "}", dataBytes);
  }

  private static byte[] length(long bytes) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(bytes).array();
  }

  private static byte[] file(String header, int dataBytes) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + text.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.length)
        .put(text)
        .array();
  }
}
