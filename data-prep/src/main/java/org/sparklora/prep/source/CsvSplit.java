package org.sparklora.prep.source;

import com.univocity.parsers.csv.CsvParser;
import com.univocity.parsers.csv.CsvParserSettings;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.pipeline.config.RootCause;
import org.sparklora.prep.source.BadRowException.Reason;

/**
 * A CSV or TSV file with a header row (RFC 4180): fields in double quotes may hold the separator,
 * line breaks, and doubled quotes. A file is one split, because whether a line break ends a row
 * depends on all quotes before it.
 *
 * <p>Every value is text; an empty field is null.
 */
record CsvSplit(DatasetFile file) implements DatasetSplit {

  @Override
  public void read(Configuration configuration, Set<String> columns, RowHandler handler) {
    CsvParser parser = new CsvParser(settings());
    String place = place(1);
    Runnable pending =
        () -> {}; // a row waits until it is certain that no open quote has swallowed the rest
    try (InputStream in = DataStreams.open(configuration, file);
        CsvText text = new CsvText(in, separator())) {
      guard(
          () -> {
            parser.beginParsing(text);
            return parser;
          });
      String[] head = named(next(parser), handler);
      while (head != null) {
        String begin = place(parser.getContext().currentLine() + 1);
        String[] row = next(parser);
        if (row == null) {
          Optional<IOException> unclosed = text.unclosed();
          if (unclosed.isPresent()) {
            bad(place, unclosed.get(), handler);
          } else {
            pending.run();
          }
          return;
        }
        pending.run();
        place = begin;
        pending = () -> hand(head, row, begin, handler);
      }
    } catch (IOException e) {
      pending.run();
      bad(place(parser.getContext().currentLine() + 1), e, handler);
    }
  }

  private static void bad(String place, IOException e, RowHandler handler) {
    handler.bad(
        new BadRowException(
            Reason.UNREADABLE_FILE, "no CSV from here on: " + DataStreams.problem(e), place, e));
  }

  /** The columns' names, or null if the file cannot be read further. */
  private String[] named(String[] head, RowHandler handler) {
    Set<String> names = new HashSet<>();
    for (int i = 0; head != null && i < head.length; i++) {
      head[i] = head[i] == null ? "Unnamed: " + i : head[i]; // as pandas, and so datasets
      if (!names.add(head[i])) {
        String problem = "the head row names %s twice; rename one".formatted(head[i]);
        handler.bad(new BadRowException(Reason.UNREADABLE_FILE, problem, place(1)));
        return null;
      }
    }
    return head;
  }

  /** The next row, or null. */
  private static String[] next(CsvParser parser) throws IOException {
    return guard(parser::parseNext);
  }

  /** Rethrows an exception of the parser, which reads ahead, as one of the file. */
  private static <T> T guard(Supplier<T> parsing) throws IOException {
    try {
      return parsing.get();
    } catch (RuntimeException e) {
      throw RootCause.find(e, IOException.class)
          .orElseGet(() -> new IOException(JsonRows.problem(e), e));
    }
  }

  private static void hand(String[] head, String[] fields, String place, RowHandler handler) {
    if (fields.length > head.length) {
      handler.bad(
          new BadRowException(
              Reason.MALFORMED_ROW,
              "%s fields where the head row names %s; quote fields that hold the separator"
                  .formatted(fields.length, head.length),
              place));
      return;
    }
    Map<String, Object> values = new LinkedHashMap<>();
    for (int i = 0; i < head.length; i++) {
      values.put(head[i], i < fields.length ? fields[i] : null);
    }
    handler.row(new SourceRow(values, () -> place));
  }

  private String place(long line) {
    return "%s line %s".formatted(file.path(), line);
  }

  private char separator() {
    return file.format() == FileFormat.TSV ? '\t' : ',';
  }

  private CsvParserSettings settings() {
    CsvParserSettings settings = new CsvParserSettings();
    settings.getFormat().setDelimiter(separator());
    settings.getFormat().setQuoteEscape('"');
    settings.getFormat().setComment('\0'); // text may begin with #
    settings.setCommentProcessingEnabled(false);
    settings.getFormat().setLineSeparator("\n"); // of CsvText
    settings.setIgnoreLeadingWhitespaces(false);
    settings.setIgnoreTrailingWhitespaces(false);
    settings.setMaxCharsPerColumn(-1); // CsvText has a limit
    settings.setMaxColumns(10_000);
    settings.setReadInputOnSeparateThread(false);
    return settings;
  }
}
