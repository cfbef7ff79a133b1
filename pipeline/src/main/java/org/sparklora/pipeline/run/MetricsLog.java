package org.sparklora.pipeline.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.sparklora.pipeline.table.TableException;

/**
 * {@code metrics.jsonl}: one JSON object a line, written through at once, so that a killed run
 * keeps every finished step. Thread-safe.
 */
public final class MetricsLog implements Closeable {
  /** The file's name in a run folder. */
  public static final String FILE_NAME = "metrics.jsonl";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;
  private final BufferedWriter writer;

  private MetricsLog(Path file, BufferedWriter writer) {
    this.file = file;
    this.writer = writer;
  }

  /**
   * Opens the log of a run folder, creating both when they are not there and appending when they
   * are.
   *
   * @throws TableException when the file cannot be written
   */
  public static MetricsLog append(Path folder) {
    Path file = folder.resolve(FILE_NAME);
    try {
      Files.createDirectories(folder);
      return new MetricsLog(
          file,
          Files.newBufferedWriter(
              file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /** Writes one line; a NaN or infinite number becomes null, since JSON has neither. */
  public synchronized void log(Map<String, ?> metrics) {
    try {
      writer.write(line(metrics));
      writer.newLine();
      writer.flush();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static String line(Map<String, ?> metrics) throws JsonProcessingException {
    Map<String, Object> finite = new LinkedHashMap<>(metrics);
    finite.replaceAll(
        (name, value) ->
            value instanceof Number n && !Double.isFinite(n.doubleValue()) ? null : value);
    return JSON.writeValueAsString(finite);
  }

  @Override
  public synchronized void close() {
    try {
      writer.close();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static TableException failed(Path file, IOException cause) {
    return new TableException(
        "Cannot write %s (%s): make room or choose another --output_dir"
            .formatted(file, cause.getMessage()),
        cause);
  }
}
