package org.sparklora.text.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * The JSON files of a checkpoint or adapter folder. The files are untrusted, so this class bounds
 * each one: a single document and nothing after it, no duplicate key in an object, limited nesting
 * and size.
 */
public final class JsonFile {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The deepest nesting: far beyond a tokenizer or config, far within a thread's stack. */
  private static final int MAX_NESTING = 200;

  /** The largest file. The largest tokenizers have 40 MB, and take ten times that in memory. */
  private static final int MAX_BYTES = 128 << 20;

  private static final ObjectReader STRICT =
      new ObjectMapper(
              JsonFactory.builder()
                  // a vocabulary has 100,000 names, each once
                  .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(MAX_NESTING).build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .reader()
          .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private JsonFile() {}

  /**
   * @throws CheckpointException if the file is missing, too large, or does not hold a JSON object
   *     and nothing else
   */
  public static ObjectNode read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(
          "Cannot find %s: give the folder of a Hugging Face checkpoint or of a PEFT adapter",
          file);
    }
    return parse(readBytes(file), file.toString());
  }

  /**
   * Reads a file like {@link #read}; empty if the file is missing.
   *
   * @throws CheckpointException as {@link #read} throws, also if the path is not a regular file
   */
  public static Optional<ObjectNode> readIfThere(Path file) throws IOException {
    return isThere(file) ? Optional.of(read(file)) : Optional.empty();
  }

  /**
   * Whether the file exists.
   *
   * @throws CheckpointException if the path exists but is not a regular file
   */
  public static boolean isThere(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new CheckpointException(
          "Cannot read %s: it is not a file; copy the checkpoint again", file);
    }
    return Files.exists(file);
  }

  /**
   * Reads a file's bytes for {@link #parse}.
   *
   * @throws CheckpointException if the file is too large
   */
  public static byte[] readBytes(Path file) throws IOException {
    long bytes = Files.size(file);
    if (bytes > MAX_BYTES) {
      throw new CheckpointException(
          "Cannot read %s: it has %,d bytes, at most %,d are read; copy the file again",
          file, bytes, MAX_BYTES);
    }
    return Files.readAllBytes(file);
  }

  /**
   * Parses the content of a file as one JSON object.
   *
   * @param file the file's name, for messages
   * @throws CheckpointException if the content is not one object, or anything follows it
   */
  public static ObjectNode parse(byte[] json, String file) throws IOException {
    try {
      if (tree(json) instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
      String where = line > 0 ? " at line " + line : ""; // exceeded limits have no place
      throw notJson(e, file, where, e.getOriginalMessage());
    } catch (CharConversionException e) { // truncated UTF-32
      throw notJson(e, file, "", e.getMessage());
    }
    throw new CheckpointException("Cannot read %s: not a JSON object; copy the file again", file);
  }

  /**
   * Parses any JSON value, within the limits of this class.
   *
   * @throws JsonProcessingException if the bytes are not JSON, or anything follows the value
   */
  public static JsonNode tree(byte[] json) throws IOException {
    return STRICT.readTree(json);
  }

  private static CheckpointException notJson(
      IOException cause, String file, String where, String message) {
    String firstLine = message.lines().findFirst().orElse("");
    return new CheckpointException(
        cause, "Cannot read %s: not JSON%s (%s); copy the file again", file, where, firstLine);
  }

  public static ObjectNode newObject() {
    return JSON.createObjectNode();
  }

  /** Writes a file indented by two, as Python's {@code json.dump} does; atomically. */
  public static void write(Path file, JsonNode object) throws IOException {
    Path aside = file.resolveSibling(file.getFileName() + ".part");
    Files.writeString(aside, JSON.writer(new PythonStyle()).writeValueAsString(object) + "\n");
    Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Prints {@code "key": value}, each on a line of its own, and empty collections without a space.
   */
  private static final class PythonStyle extends DefaultPrettyPrinter {
    private static final long serialVersionUID = 1;

    PythonStyle() {
      indentObjectsWith(new DefaultIndenter("  ", "\n"));
      indentArraysWith(new DefaultIndenter("  ", "\n"));
      _objectFieldValueSeparatorWithSpaces = ": ";
    }

    @Override
    public DefaultPrettyPrinter createInstance() {
      return new PythonStyle(); // a printer counts its nesting, so each document takes a new one
    }

    @Override
    public void writeEndObject(JsonGenerator generator, int entries) throws IOException {
      if (entries > 0) {
        super.writeEndObject(generator, entries);
      } else {
        _nesting--;
        generator.writeRaw('}');
      }
    }

    @Override
    public void writeEndArray(JsonGenerator generator, int values) throws IOException {
      if (values > 0) {
        super.writeEndArray(generator, values);
      } else {
        _nesting--;
        generator.writeRaw(']');
      }
    }
  }
}
