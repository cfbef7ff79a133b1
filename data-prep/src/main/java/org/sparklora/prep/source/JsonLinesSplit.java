package org.sparklora.prep.source;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;
import org.apache.hadoop.conf.Configuration;
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
    long line = 0; // lines begun in this split so far
    long[] before = {-1}; // lines before the split, counted when a message needs a line's number
    LongFunction<String> place =
        lineInSplit -> {
          before[0] = before[0] < 0 ? linesBefore(configuration) : before[0];
          return file.place("line", before[0] + lineInSplit);
        };
    // if the byte before the split ends a line, the line at start is in this split
    try (InputStream in = DataStreams.open(configuration, file, Math.max(0, start - 1))) {
      LineReader lines = new LineReader(in, start);
      if (start > 0) {
        lines.next(); // a line that begins before this split belongs to the split before
      }
      while (lines.position() < end && lines.next()) {
        long number = ++line;
        if (!lines.isBlank()) {
          JsonRows.pass(() -> JsonRows.parse(lines), () -> place.apply(number), handler);
        }
      }
    } catch (IOException e) {
      String problem =
          e instanceof EOFException
              ? "the file is cut off in or behind this line; fetch it again"
              : "from here on it cannot be read: " + DataStreams.problem(e);
      String last = place.apply(Math.max(1, line));
      handler.bad(new BadRowException(Reason.UNREADABLE_FILE, problem, last, e));
    }
  }

  private long linesBefore(Configuration configuration) {
    try (InputStream in = DataStreams.open(configuration, file, 0)) {
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
