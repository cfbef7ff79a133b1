package org.sparklora.spark.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.regex.Pattern;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;

/** Files of one JSON object a line. Blank lines are skipped; errors name the file and the line. */
final class JsonLines {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** Half a surrogate pair: JSON can hold one as an escape, UTF-8 cannot hold it at all. */
  private static final Pattern LONE_SURROGATE =
      Pattern.compile("[\\x{D800}-\\x{DBFF}](?![\\x{DC00}-\\x{DFFF}])|(?<![\\x{D800}-\\x{DBFF}])[\\x{DC00}-\\x{DFFF}]");

  private JsonLines() {}

  /**
   * A row and its place.
   *
   * @param line from 1
   */
  record Row(Path file, int line, ObjectNode fields) {

    /** Token ids or lengths under this name. */
    int[] integers(String name) {
      JsonNode list = fields.get(name);
      if (!list.isArray()) {
        throw error("%s is not a list of whole numbers".formatted(name));
      }
      int[] values = new int[list.size()];
      for (int i = 0; i < values.length; i++) {
        if (!list.get(i).canConvertToInt() || !list.get(i).isIntegralNumber()) {
          throw error("%s holds %s where a whole number belongs".formatted(name, list.get(i)));
        }
        values[i] = list.get(i).intValue();
      }
      return values;
    }

    /** Adds token ids. */
    void put(String name, int[] values) {
      var list = fields.putArray(name);
      Arrays.stream(values).forEach(list::add);
    }

    TableException error(String problem) {
      return new TableException(
          "Cannot use line %d of %s: %s; correct the line or take it out"
              .formatted(line, file, problem));
    }
  }

  /** Reads rows one after the other. */
  static final class Reader implements Iterator<Row>, Closeable {
    private final Path file;
    private final BufferedReader in;
    private String next;
    private int line;

    Reader(Path file) throws IOException {
      this.file = file;
      if (!Files.isRegularFile(file)) {
        throw new TableException(
            "Cannot read %s: there is no such file; check --input".formatted(file));
      }
      this.in = Files.newBufferedReader(file);
      advance();
    }

    private void advance() {
      try {
        do {
          next = in.readLine();
          line++;
        } while (next != null && next.isBlank());
      } catch (CharacterCodingException e) {
        throw new TableException(
            "Cannot read %s after line %d: it is not UTF-8; save it as UTF-8".formatted(file, line),
            e);
      } catch (IOException e) {
        throw new TableException(
            "Cannot read %s after line %d: %s".formatted(file, line, e.getMessage()), e);
      }
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public Row next() {
      if (next == null) {
        throw new NoSuchElementException();
      }
      Row row = new Row(file, line, parse());
      advance();
      return row;
    }

    private ObjectNode parse() {
      try {
        if (JSON.readTree(next) instanceof ObjectNode fields) {
          return fields;
        }
        throw new Row(file, line, JSON.createObjectNode()).error("it is not a JSON object");
      } catch (JsonProcessingException e) {
        throw new Row(file, line, JSON.createObjectNode())
            .error("it is not JSON (%s)".formatted(e.getOriginalMessage()));
      }
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  /** Writes rows aside; the file appears under its name only when {@link #finish} was called. */
  static final class Writer implements Closeable {
    private final Path file;
    private final Path aside;
    private final BufferedWriter out;

    Writer(Path file) {
      this.file = file;
      this.aside = file.resolveSibling(file.getFileName() + ".part");
      this.out = open(file, aside);
    }

    private static BufferedWriter open(Path file, Path aside) {
      try {
        if (file.toAbsolutePath().getParent() != null) {
          Files.createDirectories(file.toAbsolutePath().getParent());
        }
        return Files.newBufferedWriter(aside);
      } catch (IOException e) {
        throw new ConfigException(
            "output",
            file,
            "it cannot be written (%s); name a file in a folder that can".formatted(e));
      }
    }

    void write(List<Row> rows) throws IOException {
      for (Row row : rows) {
        write(row.fields());
      }
    }

    void write(ObjectNode fields) throws IOException {
      String json = JSON.writeValueAsString(fields);
      out.write(
          LONE_SURROGATE
              .matcher(json)
              .replaceAll(half -> "\\\\u%04x".formatted((int) half.group().charAt(0))));
      out.write('\n');
    }

    void finish() throws IOException {
      out.close();
      Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void close() throws IOException {
      out.close();
      Files.deleteIfExists(aside);
    }
  }
}
