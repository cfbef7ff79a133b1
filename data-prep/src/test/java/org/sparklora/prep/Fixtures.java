package org.sparklora.prep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;

/** The golden files among the test resources; see the README there. */
public final class Fixtures {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Fixtures() {}

  /** The rows of a gzipped JSON lines resource. */
  public static List<JsonNode> lines(String resource) throws IOException {
    try (var reader =
        new BufferedReader(
            new InputStreamReader(new GZIPInputStream(open(resource)), StandardCharsets.UTF_8))) {
      List<JsonNode> rows = new ArrayList<>();
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        rows.add(JSON.readTree(line));
      }
      return rows;
    }
  }

  public static JsonNode json(String resource) throws IOException {
    try (InputStream in = open(resource)) {
      return JSON.readTree(in);
    }
  }

  public static InputStream open(String resource) throws IOException {
    InputStream in = Fixtures.class.getResourceAsStream("/" + resource);
    if (in == null) {
      throw new IOException("There is no test resource " + resource);
    }
    return in;
  }

  public static int[] ints(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
  }

  /** The checksum of the packing README. */
  public static long labelsChecksum(int[] labels) {
    return IntStream.range(0, labels.length)
            .mapToLong(i -> (i + 1L) * (labels[i] == -100 ? 7 : labels[i]))
            .sum()
        % 1_000_003;
  }

  /**
   * A tokenizer's folder, unpacked from the resources into {@code scratch}, or found outside of the
   * project.
   *
   * @return empty when it is nowhere; the test should then be skipped with a word
   */
  public static Optional<Path> tokenizer(String name, Path scratch) throws IOException {
    if (Fixtures.class.getResource("/tokenizers/" + name) != null) {
      Path folder = scratch.resolve("tokenizer-" + name);
      if (Files.exists(folder)) {
        return Optional.of(folder);
      }
      Files.createDirectories(folder);
      try (InputStream in =
          new GZIPInputStream(open("tokenizers/" + name + "/tokenizer.json.gz"))) {
        Files.copy(in, folder.resolve("tokenizer.json"));
      }
      try (InputStream in = open("tokenizers/" + name + "/tokenizer_config.json")) {
        Files.copy(in, folder.resolve("tokenizer_config.json"));
      }
      return Optional.of(folder);
    }
    String variable =
        System.getProperty("SPARK_LORA_FIXTURES", System.getenv("SPARK_LORA_FIXTURES"));
    Path root = Path.of(variable == null ? "../../shared/fixtures" : variable);
    return Optional.of(root.resolve("tokenizers").resolve(name)).filter(Files::isDirectory);
  }

  /** A dataset as a JSON lines file. */
  public static Path jsonLines(Path file, Iterable<JsonNode> rows) throws IOException {
    StringBuilder text = new StringBuilder();
    for (JsonNode row : rows) {
      text.append(JSON.writeValueAsString(row)).append('\n');
    }
    return Files.writeString(file, text);
  }
}
