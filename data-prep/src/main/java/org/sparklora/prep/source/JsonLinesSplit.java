package org.sparklora.prep.source;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.sparklora.prep.source.BadRowException.Reason;

/**
 * The lines of a JSON lines file that begin at bytes {@code start} to {@code end - 1}. A gzipped
 * file is one split, because it can be read only from its beginning.
 *
 * <p>A line ends with LF or CRLF; empty lines are skipped, as in pyarrow.
 */
record JsonLinesSplit(DatasetFile file, long start, long end) implements DatasetSplit {

  static List<JsonLinesSplit> of(DatasetFile file, long splitBytes) {
    if (file.gzip()) {
      return List.of(new JsonLinesSplit(file, 0, Long.MAX_VALUE));
    }
    List<JsonLinesSplit> splits = new ArrayList<>();
    for (long start = 0; start < file.bytes(); start += splitBytes) {
      splits.add(new JsonLinesSplit(file, start, Math.min(file.bytes(), start + splitBytes)));
    }
    return splits;
  }

  @Override
  public void read(Configuration configuration, Set<String> columns, RowHandler handler) {
    long[] line = {0}; // lines begun in this split so far
    LineNumbers numbers = new LineNumbers(configuration);
    try (InputStream in = open(configuration)) {
      LineReader lines = new LineReader(in, start);
      if (start > 0) {
        lines.next(); // a line that begins before this split belongs to the split before
      }
      while (lines.position() < end && lines.next()) {
        line[0]++;
        if (!lines.isBlank()) {
          long number = line[0];
          parse(lines, () -> numbers.place(number), handler);
        }
      }
    } catch (IOException e) {
      String problem =
          e instanceof EOFException
              ? "the file is cut off in or behind this line; fetch it again"
              : "from here on it cannot be read: " + DataStreams.problem(e);
      String place = numbers.place(Math.max(1, line[0]));
      handler.bad(new BadRowException(Reason.UNREADABLE_FILE, problem, place, e));
    }
  }

  private InputStream open(Configuration configuration) throws IOException {
    if (start == 0) {
      return DataStreams.openBytes(configuration, file);
    }
    FSDataInputStream in = file.hadoopPath().getFileSystem(configuration).open(file.hadoopPath());
    in.seek(start - 1); // if this byte ends a line, the line at start is in this split
    return in;
  }

  private static void parse(LineReader line, Supplier<String> place, RowHandler handler) {
    SourceRow row;
    try {
      row = new SourceRow(JsonRows.parse(line), place);
    } catch (IOException e) {
      handler.bad(
          new BadRowException(
              Reason.MALFORMED_ROW, "no JSON object: " + JsonRows.problem(e), place.get(), e));
      return;
    }
    handler.row(row);
  }

  /**
   * Numbers the split's lines within the file. Counting the lines before the split costs a pass
   * over them, so it happens at the first message that needs a number.
   */
  private final class LineNumbers {
    private final Configuration configuration;
    private long before = -1;

    LineNumbers(Configuration configuration) {
      this.configuration = configuration;
    }

    String place(long lineInSplit) {
      if (before < 0) {
        before = start == 0 ? 0 : countLinesBefore();
      }
      return "%s line %s".formatted(file.path(), before + lineInSplit);
    }

    private long countLinesBefore() {
      try (InputStream in = DataStreams.openBytes(configuration, file)) {
        LineReader lines = new LineReader(in, 0);
        long count = 0;
        while (lines.position() < start && lines.next()) {
          count++;
        }
        return count;
      } catch (IOException e) {
        return 0; // a number counted from the split is better in a message than none
      }
    }
  }
}
