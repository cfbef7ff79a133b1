package org.sparklora.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.zip.GZIPInputStream;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.run.OutputFile;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.source.JsonRows;
import org.sparklora.prep.source.LineReader;

/** Files of one JSON object a line. Blank lines are skipped; errors name the file and the line. */
final class JsonLines {
  private static final ObjectMapper JSON = new ObjectMapper();

  private JsonLines() {}

  /** A row and its place; lines count from 1. */
  record Row(Path file, int line, ObjectNode fields) {

    /** The integers of a field: token ids or lengths. */
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

    TableException error(String problem) {
      return new TableException(
          "Cannot use line %s of %s: %s; correct the line or take it out"
              .formatted(line, file, problem));
    }
  }

  /** Reads rows one after the other; a file whose name ends in {@code .gz} is unzipped. */
  static final class Reader implements Iterator<Row>, Closeable {
    private final Path file;
    private final InputStream in;
    private final LineReader lines;
    private boolean there;
    private int line;

    /** Opens the file of {@code --input}. */
    Reader(Path file) throws IOException {
      this.file = file;
      ConfigException.require(
          Files.exists(file), Flags.INPUT, file, "there is no such file; name one of JSON lines");
      ConfigException.require(
          !Files.isDirectory(file), Flags.INPUT, file, "it is a folder; name a file of JSON lines");
      InputStream bytes = Files.newInputStream(file);
      try {
        this.in = file.toString().endsWith(".gz") ? new GZIPInputStream(bytes) : bytes;
      } catch (IOException e) {
        bytes.close();
        throw unreadable(e);
      }
      this.lines = new LineReader(in, 0);
      try {
        advance();
      } catch (TableException e) {
        in.close();
        throw e;
      }
    }

    private void advance() {
      try {
        do {
          there = lines.next();
          line++;
        } while (there && lines.isBlank());
      } catch (IOException e) {
        throw unreadable(e);
      }
    }

    private TableException unreadable(IOException e) {
      return new TableException(
          "Cannot read %s after line %s: %s"
              .formatted(
                  file,
                  Math.max(0, line),
                  e instanceof EOFException ? "the file is cut off" : e.getMessage()),
          e);
    }

    @Override
    public boolean hasNext() {
      return there;
    }

    @Override
    public Row next() {
      Interruption.check();
      if (!there) {
        throw new NoSuchElementException();
      }
      Row row = new Row(file, line, parse());
      advance();
      return row;
    }

    private ObjectNode parse() {
      try {
        return JsonRows.node(lines);
      } catch (IOException e) {
        throw new Row(file, line, JSON.createObjectNode())
            .error("it is no JSON object (%s)".formatted(JsonRows.problem(e)));
      }
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  /** Writes rows; the file appears under its name only when {@link #finish} was called. */
  static final class Writer implements Closeable {
    private final Written written = new Written();
    private final String name;
    private final OutputFile out;
    private long rows;

    private Writer(String name, OutputFile out) {
      this.name = name;
      this.out = out;
    }

    /** Opens the file of {@code --output}. */
    static Writer open(Settings settings) {
      String name = settings.get(Flags.OUTPUT);
      return new Writer(
          name, OutputFile.open("output", name, settings.get(Flags.OVERWRITE_OUTPUT_DIR)));
    }

    /**
     * @throws TableException if a number is NaN or infinite, which JSON cannot express
     */
    void write(ObjectNode fields) {
      requireNumbers("", fields);
      out.write(fields.toString());
      out.write("\n");
      rows++;
    }

    private static void requireNumbers(String name, JsonNode value) {
      if (value.isFloatingPointNumber() && !Double.isFinite(value.doubleValue())) {
        throw new TableException(
            "Cannot write %s = %s: JSON has no such number; correct the input, or use a model whose weights are finite"
                .formatted(name, value.asText()));
      }
      value.fields().forEachRemaining(field -> requireNumbers(field.getKey(), field.getValue()));
      if (value.isArray()) {
        value.forEach(element -> requireNumbers(name, element));
      }
    }

    /** Makes the file appear under its name, and prints a line about it. */
    void finish() {
      out.finish();
      written.say(name, rows == 1 ? "1 row" : String.format(Locale.ROOT, "%,d rows", rows));
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }
}
