package org.sparklora.model.checkpoint;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** The JSON files of a checkpoint or adapter folder: each holds one object. */
public final class JsonFile {
  private static final ObjectMapper JSON = new ObjectMapper();

  private JsonFile() {}

  /**
   * @throws CheckpointException if the file is missing or does not hold a JSON object
   */
  public static ObjectNode read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(
          "Cannot find %s: give the folder of a Hugging Face checkpoint or of a PEFT adapter"
              .formatted(file));
    }
    try {
      if (JSON.readTree(file.toFile()) instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          "Cannot read %s: not JSON at line %d (%s); copy the file again"
              .formatted(
                  file,
                  e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
                  e.getOriginalMessage()),
          e);
    }
    throw new CheckpointException(
        "Cannot read %s: not a JSON object; copy the file again".formatted(file));
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
