package org.sparklora.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/** The tokenizers and golden files of {@code src/test/resources/text}; see the README there. */
final class GoldenTokenizers {
  static final ObjectMapper JSON = new ObjectMapper();

  private static final Map<String, Tokenizer> LOADED = new ConcurrentHashMap<>();

  private static final Map<String, ObjectNode> READ = new ConcurrentHashMap<>();

  private GoldenTokenizers() {}

  static Tokenizer tokenizer(String name) {
    return LOADED.computeIfAbsent(name, GoldenTokenizers::unpackAndLoad);
  }

  /**
   * The tokenizer of Llama 3.1, whose licence keeps it out of this repository: from the folder that
   * the property or variable SPARK_LORA_FIXTURES names, else from beside the checkout.
   */
  static Optional<Path> llama31() {
    String named = System.getProperty("SPARK_LORA_FIXTURES", System.getenv("SPARK_LORA_FIXTURES"));
    Path fixtures = Path.of(named != null ? named : "../../shared/fixtures");
    Path folder = fixtures.resolve("tokenizers").resolve("llama3_1");
    return Optional.of(folder).filter(Files::isDirectory);
  }

  /** The rows of a gzipped file of JSON lines. */
  static List<JsonNode> rows(String file) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(unzip(file), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        rows.add(JSON.readTree(line));
      }
    }
    return rows;
  }

  static int[] ids(JsonNode list) {
    return IntStream.range(0, list.size()).map(i -> list.get(i).asInt()).toArray();
  }

  /** A copy of a tokenizer.json of the folder, with its vocabulary. */
  static ObjectNode json(String name) throws IOException {
    ObjectNode read = READ.get(name);
    if (read == null) {
      read = read(name);
      READ.put(name, read);
    }
    return read.deepCopy();
  }

  private static ObjectNode read(String name) throws IOException {
    try (InputStream json = unzip("tokenizers/" + name + ".json.gz")) {
      ObjectNode tokenizer = (ObjectNode) JSON.readTree(json);
      if (!tokenizer.path("model").has("vocab")) {
        addVocabulary((ObjectNode) tokenizer.path("model"));
      }
      return tokenizer;
    }
  }

  private static Tokenizer unpackAndLoad(String name) {
    try {
      ObjectNode tokenizer = json(name);
      Path folder = Files.createTempDirectory("tokenizer-" + name);
      Path file = folder.resolve("tokenizer.json");
      JSON.writeValue(file.toFile(), tokenizer);
      Tokenizer loaded = Tokenizer.load(folder, TokenizerDialect.FILE);
      Files.delete(file);
      Files.delete(folder);
      return loaded;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Qwen's ids: the byte values in the order of their stand-ins, then the merges in theirs. */
  private static void addVocabulary(ObjectNode model) {
    ObjectNode vocabulary = model.putObject("vocab");
    String printable = chars('!', '~') + chars('\u00A1', '\u00AC') + chars('\u00AE', '\u00FF');
    String all = printable + chars('\u0100', (char) (0x100 + 255 - printable.length()));
    all.chars().forEach(c -> vocabulary.put(String.valueOf((char) c), vocabulary.size()));
    for (JsonNode merge : model.path("merges")) {
      vocabulary.put(merge.asText().replace(" ", ""), vocabulary.size());
    }
  }

  private static String chars(char first, char last) {
    return IntStream.rangeClosed(first, last)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static InputStream unzip(String file) throws IOException {
    return new GZIPInputStream(GoldenTokenizers.class.getResourceAsStream("/text/" + file));
  }
}
