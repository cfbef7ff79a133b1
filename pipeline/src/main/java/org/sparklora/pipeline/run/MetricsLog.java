package org.sparklora.pipeline.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.util.functional.CallableRaisingIOE;
import org.apache.hadoop.util.functional.InvocationRaisingIOE;
import org.sparklora.pipeline.table.TableException;

/**
 * {@code metrics.jsonl}: one JSON object per line, flushed at once, so that a killed run keeps
 * every row it logged. In an {@link ObjectStore}, which shows only closed files, the file is
 * rewritten at most every {@link #REWRITE_MILLIS}: there a killed run loses later rows.
 * Thread-safe.
 */
public final class MetricsLog implements Closeable {
  public static final String FILE_NAME = "metrics.jsonl";

  /** The previous log, while {@link #open} writes a new one. */
  private static final String BEFORE = "." + FILE_NAME + ".before";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<Map<String, Object>> ROW = new TypeReference<>() {};

  /** The key whose value identifies a row. */
  private static final String STEP = "step";

  /** The least time between rewrites of an object in a store. */
  static final long REWRITE_MILLIS = 5_000;

  private final Path file;
  private final Lines out;
  private final InvocationRaisingIOE claim;

  private MetricsLog(Path file, Lines out, InvocationRaisingIOE claim) {
    this.file = file;
    this.out = out;
    this.claim = claim;
  }

  private interface Lines extends Closeable {
    void write(byte[] line) throws IOException;

    /** All lines so far; may be called while a line is written. */
    List<String> read() throws IOException;
  }

  private record Growing(FileSystem fileSystem, Path file, FSDataOutputStream out)
      implements Lines {
    @Override
    public void write(byte[] line) throws IOException {
      out.write(line);
      if (out.hasCapability(StreamCapabilities.HSYNC)) {
        out.hflush();
      } else {
        out.flush();
      }
    }

    @Override
    public List<String> read() throws IOException {
      return lines(fileSystem, file);
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }

  /** Replaces an object of a store by one with further lines. */
  private static final class Rewritten implements Lines {
    private final FileSystem fileSystem;
    private final Path file;
    private final InvocationRaisingIOE claim;
    private final ByteArrayOutputStream all = new ByteArrayOutputStream();
    private long written = Long.MIN_VALUE; // nanoseconds
    private boolean pending = true; // an empty log is written, too

    Rewritten(FileSystem fileSystem, Path file, InvocationRaisingIOE claim) {
      this.fileSystem = fileSystem;
      this.file = file;
      this.claim = claim;
    }

    @Override
    public void write(byte[] line) throws IOException {
      all.writeBytes(line);
      pending = true;
      boolean first = written == Long.MIN_VALUE;
      if (first || System.nanoTime() - written >= REWRITE_MILLIS * 1_000_000) {
        rewrite();
      }
    }

    private void rewrite() throws IOException {
      claim.apply(); // otherwise another run's rows would be lost
      try (OutputStream object = fileSystem.create(file, true)) {
        all.writeTo(object);
      }
      written = System.nanoTime();
      pending = false;
    }

    @Override
    public List<String> read() {
      return all.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Override
    public void close() throws IOException {
      if (pending) {
        rewrite();
      }
    }
  }

  /**
   * Begins or resumes the log of a run: afterwards the file holds exactly one line for each earlier
   * row, in order, whatever it held before. The existing line of a row is kept, with all values
   * logged in it.
   *
   * @param earlier rows logged before the checkpoint that the run resumes from; none for a new run
   * @param claim is called before each row, and throws if another run has taken the folder
   * @throws TableException when the file cannot be written
   */
  static MetricsLog open(
      FileSystem fileSystem,
      Path folder,
      List<Map<String, Object>> earlier,
      InvocationRaisingIOE claim) {
    Path file = new Path(folder, FILE_NAME);
    try {
      List<String> lines = earlier.isEmpty() ? List.of() : lines(fileSystem, file);
      if (!lines.isEmpty()) {
        Renaming.rename(fileSystem, file, new Path(folder, BEFORE));
      }
      try {
        // a new file: a run that was declared dead may still write to the old one
        fileSystem.delete(file, false);
        FSDataOutputStream begun = fileSystem.create(file, true); // marks the folder as a run's
        Lines out = new Growing(fileSystem, file, begun);
        if (ObjectStore.is(fileSystem)) {
          begun.close();
          out = new Rewritten(fileSystem, file, claim);
        }
        MetricsLog log = new MetricsLog(file, out, claim);
        log.writeEarlier(earlier, lines);
        fileSystem.delete(new Path(folder, BEFORE), false);
        return log;
      } catch (IOException e) {
        restore(fileSystem, folder);
        throw e;
      }
    } catch (IOException e) {
      throw TableException.unwritten(file, e);
    }
  }

  private void writeEarlier(List<Map<String, Object>> earlier, List<String> lines)
      throws IOException {
    try {
      for (int row = 0; row < earlier.size(); row++) {
        boolean there = row < lines.size() && isOf(lines.get(row), earlier.get(row));
        write(there ? lines.get(row) : line(earlier.get(row)));
      }
    } catch (IOException e) {
      try {
        LocalDisk.use(out::close);
      } catch (IOException unclosed) {
        e.addSuppressed(unclosed);
      }
      throw e;
    }
  }

  /** Restores the previous log if a run was killed while it wrote a new one. */
  static void restore(FileSystem fileSystem, Path folder) throws IOException {
    Path before = new Path(folder, BEFORE);
    if (fileSystem.exists(before)) {
      fileSystem.delete(new Path(folder, FILE_NAME), false);
      Renaming.rename(fileSystem, before, new Path(folder, FILE_NAME));
    }
  }

  /**
   * The rows of a run's log, in order, without an incomplete last one; none without a log.
   *
   * @throws TableException naming the line that is not a row
   */
  public static List<Map<String, Object>> read(FileSystem fileSystem, Path folder) {
    Path file = new Path(folder, FILE_NAME);
    return rows(file, () -> lines(fileSystem, file));
  }

  /** The rows so far, also those that an object store does not show yet. */
  public List<Map<String, Object>> rows() {
    return rows(file, out::read);
  }

  private static List<Map<String, Object>> rows(Path file, CallableRaisingIOE<List<String>> read) {
    List<String> lines;
    try {
      lines = read.apply();
    } catch (IOException e) {
      throw new TableException("Cannot read %s (%s)".formatted(file, e.getMessage()), e);
    }
    List<Map<String, Object>> rows = new ArrayList<>();
    for (String line : lines) {
      try {
        rows.add(JSON.readValue(line, ROW));
      } catch (JsonProcessingException e) {
        if (rows.size() + 1 < lines.size()) {
          throw new TableException(
              "Cannot read line %s of %s: it is no JSON object, so the log was edited; remove the line"
                  .formatted(rows.size() + 1, file),
              e);
        }
      }
    }
    return rows;
  }

  private static List<String> lines(FileSystem fileSystem, Path file) throws IOException {
    String text = new FolderContents(fileSystem, file.getParent()).text(file.getName()).orElse("");
    return text.lines().toList();
  }

  private static boolean isOf(String line, Map<String, Object> row) {
    try {
      Map<String, Object> read = JSON.readValue(line, ROW);
      return read.keySet().containsAll(row.keySet()) && row.get(STEP).equals(read.get(STEP));
    } catch (JsonProcessingException e) {
      return false; // the writer was killed while writing the line
    }
  }

  /** Writes one row; NaN and infinite numbers become null, since JSON has neither. */
  public synchronized void log(Map<String, ?> metrics) {
    try {
      claim.apply();
      write(line(metrics));
    } catch (IOException e) {
      throw TableException.unwritten(file, e);
    }
  }

  private void write(String line) throws IOException {
    LocalDisk.use(() -> out.write((line + "\n").getBytes(StandardCharsets.UTF_8)));
  }

  /** The line of a row; NaN and infinite numbers become null. */
  public static String line(Map<String, ?> metrics) {
    Map<String, Object> finite = new LinkedHashMap<>(metrics);
    finite.replaceAll(
        (name, value) ->
            value instanceof Number n && !Double.isFinite(n.doubleValue()) ? null : value);
    return JSON.valueToTree(finite).toString();
  }

  @Override
  public synchronized void close() {
    try {
      LocalDisk.use(out::close);
    } catch (IOException e) {
      throw TableException.unwritten(file, e);
    }
  }
}
