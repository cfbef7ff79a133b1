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
 * The JSON files of a checkpoint or adapter folder. They may come from a stranger, so the bounds on
 * every one of them stand here: one document and nothing behind it, no key twice in an object, so
 * deep and so long and no more.
 */
public final class JsonFile {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Far beyond what a tokenizer or a config nests, and far within a thread's stack. */
  private static final int MAX_NESTING = 200;

  /** The largest tokenizers have 40 MB; their values take some ten times that in memory. */
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
   * The same where the file may be missing.
   *
   * @throws CheckpointException also if there is something of that name that is not a file
   */
  public static Optional<ObjectNode> readIfThere(Path file) throws IOException {
    return isThere(file) ? Optional.of(read(file)) : Optional.empty();
  }

  /**
   * Whether there is a file of this name.
   *
   * @throws CheckpointException if there is something else of that name
   */
  public static boolean isThere(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new CheckpointException(
          "Cannot read %s: it is not a file; copy the checkpoint again", file);
    }
    return Files.exists(file);
  }

  /**
   * The content of a file that {@link #parse} takes.
   *
   * @throws CheckpointException if it is too large
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
   * The object that a file holds.
   *
   * @param file its name, for messages
   * @throws CheckpointException if there is no object, or anything behind it
   */
  public static ObjectNode parse(byte[] json, String file) throws IOException {
    try {
      if (tree(json) instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
      String where = line > 0 ? " at line " + line : ""; // the bounds are told without a place
      throw new CheckpointException(
          e,
          "Cannot read %s: not JSON%s (%s); copy the file again",
          file,
          where,
          firstLine(e.getOriginalMessage()));
    } catch (CharConversionException e) { // cut UTF-32
      throw new CheckpointException(
          e, "Cannot read %s: not JSON (%s); copy the file again", file, firstLine(e.getMessage()));
    }
    throw new CheckpointException("Cannot read %s: not a JSON object; copy the file again", file);
  }

  /**
   * Any JSON value, within the same bounds.
   *
   * @throws JsonProcessingException if it is no JSON, or there is something behind it
   */
  public static JsonNode tree(byte[] json) throws IOException {
    return STRICT.readTree(json);
  }

  private static String firstLine(String message) {
    return message.lines().findFirst().orElse("");
  }

  /** An empty object, to be filled and written. */
  public static ObjectNode newObject() {
    return JSON.createObjectNode();
  }

  /** Writes indented by two, as Python's {@code json.dump} does; whole or not at all. */
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
    }

    @Override
    public DefaultPrettyPrinter createInstance() {
      return new PythonStyle(); // a printer counts its nesting, so each document takes a new one
    }

    @Override
    public void writeObjectFieldValueSeparator(JsonGenerator generator) throws IOException {
      generator.writeRaw(": ");
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
