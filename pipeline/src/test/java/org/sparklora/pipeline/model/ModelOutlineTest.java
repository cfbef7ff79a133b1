package org.sparklora.pipeline.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.hub.loopback.LoopbackEnvironment;
import org.sparklora.hub.loopback.LoopbackFaults.Kind;
import org.sparklora.hub.loopback.LoopbackFaults.Request;
import org.sparklora.pipeline.model.ModelSource.Part;

class ModelOutlineTest {
  private static final String ID = "qwen/sharded";
  private static final String CONFIG = "{\"a\": 1}";
  private static final String TOKENIZER = "{\"many\": \"words\"}";
  private static final String INDEX =
      "{\"weight_map\": {\"a\": \"one.safetensors\", \"b\": \"two.safetensors\"}}";
  private static final int WEIGHT_BYTES = 3_000_000;

  /** Longer than what the first request brings. */
  private static final int LONG_HEADER_BYTES = 250_000;

  @TempDir private Path folder;
  private LoopbackEnvironment environment;
  private final byte[] one = safetensors(50, WEIGHT_BYTES);
  private final byte[] two = safetensors(LONG_HEADER_BYTES, WEIGHT_BYTES);

  /** A file with a header of so many bytes, which nobody here reads as JSON. */
  private static byte[] safetensors(long headerBytes, int weightBytes) {
    byte[] header =
        "{\"x\": 1}".repeat((int) headerBytes).substring(0, (int) headerBytes).getBytes();
    return ByteBuffer.allocate(8 + header.length + weightBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(headerBytes)
        .put(header)
        .array();
  }

  private static byte[] front(byte[] file, int headerBytes) {
    return java.util.Arrays.copyOf(java.util.Arrays.copyOf(file, 8 + headerBytes), file.length);
  }

  @BeforeEach
  void start() throws IOException {
    environment = LoopbackEnvironment.start(folder);
    environment
        .hub()
        .model(ID)
        .put("config.json", CONFIG)
        .put("tokenizer.json", TOKENIZER)
        .put("README.md", "a card")
        .put("pytorch_model.bin", "pickles")
        .put("one.safetensors", one)
        .put("two.safetensors", two)
        .put("model.safetensors.index.json", INDEX);
  }

  @AfterEach
  void stop() {
    environment.close();
  }

  private static ModelReference reference(String name, Path staging) {
    return new ModelReference("model_name_or_path", name, "", staging.toString());
  }

  private ModelOutline outline(String name) {
    return reference(name, folder.resolve("staging")).outline(OtherFileSystem.configuration());
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private void assertHeaders(ModelSource source) throws IOException {
    assertThat(names(source.folder()))
        .containsExactly(
            "config.json", "model.safetensors.index.json", "one.safetensors", "two.safetensors");
    assertThat(source.folder().resolve("config.json")).hasContent(CONFIG);
    assertThat(source.folder().resolve("one.safetensors")).hasBinaryContent(front(one, 50));
    assertThat(source.folder().resolve("two.safetensors"))
        .hasBinaryContent(front(two, LONG_HEADER_BYTES));
  }

  private long textBytes() {
    return CONFIG.length() + TOKENIZER.length() + INDEX.length();
  }

  @Test
  void readsHeadersOfTheHubByRange() throws IOException {
    Path outlined;
    try (ModelOutline outline = outline(ID)) {
      outlined = outline.source().folder();
      assertThat(outline.source().name()).isEqualTo(ID);
      assertThat(outlined).hasFileName("sharded");
      assertHeaders(outline.source());
      ModelOutline.Fetch fetch = outline.fetch().orElseThrow();
      assertThat(fetch.files()).isEqualTo(5);
      assertThat(fetch.bytes()).isEqualTo(textBytes() + one.length + two.length);
      assertThat(fetch.missingBytes()).isEqualTo(TOKENIZER.length() + one.length + two.length);
      assertThat(fetch)
          .hasToString(
              "qwen/sharded has %,d bytes in 5 files; %,d have to be downloaded, the rest is in %s"
                  .formatted(fetch.bytes(), fetch.missingBytes(), environment.cache()));
    }
    assertThat(outlined.getParent()).doesNotExist();
    assertThat(environment.hub().faults().requests())
        .filteredOn(request -> request.server().equals("storage"))
        .extracting(Request::range)
        .containsExactlyInAnyOrder(
            "bytes=0-99999", "bytes=0-99999", "bytes=0-" + (8 + LONG_HEADER_BYTES - 1));
    assertThat(environment.cache().resolve("models--qwen--sharded/blobs"))
        .isDirectoryNotContaining(file -> file.toFile().length() > 1000);
  }

  @Test
  void readsNoMoreThanItNeedsOfAServerWithoutRanges() throws IOException {
    environment.hub().faults().add(Kind.WHOLE, "GET /objects/", 0, 3);
    try (ModelOutline outline = outline(ID)) {
      assertHeaders(outline.source());
    }
  }

  @Test
  void asksAgainWhereAnAnswerBreaksOff() throws IOException {
    environment.hub().faults().add(Kind.DROP, "GET /objects/", 1000, 1);
    try (ModelOutline outline = outline(ID)) {
      assertHeaders(outline.source());
    }
  }

  @Test
  void needsNothingOfTheHubOnceAllIsThere() throws IOException {
    reference(ID, folder).locate(new Configuration(), Part.WHOLE);
    environment.hub().faults().clear();
    environment.offline(true);
    try (ModelOutline outline = outline(ID)) {
      assertHeaders(outline.source());
      assertThat(outline.fetch().orElseThrow()).hasToString(allHere(environment.cache()));
    }
    assertThat(environment.hub().faults().requests()).isEmpty();
  }

  private String allHere(Path place) {
    long bytes = textBytes() + one.length + two.length;
    return "qwen/sharded has %,d bytes in 5 files; all of them are in %s".formatted(bytes, place);
  }

  @Test
  void saysWhatIsMissingOffline() {
    reference(ID, folder).locate(new Configuration(), Part.TEXT);
    environment.offline(true);
    assertThatThrownBy(() -> outline(ID))
        .hasMessageContaining("lacks 1 of its files")
        .hasMessageContaining("HF_HUB_OFFLINE");
  }

  @Test
  void readsHeadersOfOtherFileSystemsWithoutStaging() throws IOException {
    Path model = Files.createDirectories(folder.resolve("models/sharded"));
    Files.writeString(model.resolve("config.json"), CONFIG);
    Files.writeString(model.resolve("tokenizer.json"), TOKENIZER);
    Files.writeString(model.resolve("model.safetensors.index.json"), INDEX);
    Files.write(model.resolve("one.safetensors"), one);
    Files.write(model.resolve("two.safetensors"), two);
    String name = OtherFileSystem.name(model);
    long bytes = textBytes() + one.length + two.length;
    try (ModelOutline outline = outline(name)) {
      assertHeaders(outline.source());
      assertThat(outline.fetch().orElseThrow().missingBytes()).isEqualTo(bytes);
    }
    assertThat(folder.resolve("staging")).doesNotExist();

    Path staged =
        reference(name, folder.resolve("staging"))
            .locate(OtherFileSystem.configuration(), Part.WHOLE)
            .folder();
    try (ModelOutline outline = outline(name)) {
      assertThat(outline.fetch().orElseThrow()).hasToString(allHere(staged).replace(ID, name));
    }
  }

  @Test
  void readsFoldersOfThisMachineWhereTheyAre() throws IOException {
    try (ModelOutline outline = outline(folder.toString())) {
      assertThat(outline.source().folder()).isEqualTo(folder);
      assertThat(outline.fetch()).isEmpty();
    }
    assertThat(folder).isNotEmptyDirectory();
  }

  @Test
  void believesNoImpossibleLength() throws IOException {
    byte[] huge =
        ByteBuffer.allocate(5000).order(ByteOrder.LITTLE_ENDIAN).putLong(1L << 40).array();
    environment.hub().model(ID).put("config.json", CONFIG).put("model.safetensors", huge);
    try (ModelOutline outline = outline(ID)) {
      assertThat(outline.source().folder().resolve("model.safetensors")).hasSize(huge.length);
    }
    environment.hub().model("qwen/cut").put("config.json", CONFIG).put("model.safetensors", "x");
    try (ModelOutline outline = outline("qwen/cut")) {
      String cut =
          Files.readString(
              outline.source().folder().resolve("model.safetensors"), StandardCharsets.UTF_8);
      assertThat(cut).isEqualTo("x");
    }
  }
}
