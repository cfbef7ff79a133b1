package org.sparklora.prep.source;

import com.univocity.parsers.csv.CsvParser;
import com.univocity.parsers.csv.CsvParserSettings;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
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
    long line = 1; // at which the row that is read next begins
    try (InputStream in = DataStreams.open(configuration, file, 0);
        CsvText text = new CsvText(in, separator())) {
      String[] first =
          DataStreams.decoded(
              () -> {
                parser.beginParsing(text);
                return parser.parseNext();
              });
      String[] head = named(first, handler);
      String[] row = head;
      while (row != null) {
        line = parser.getContext().currentLine() + 1;
        row = DataStreams.decoded(parser::parseNext);
        if (row != null) {
          hand(head, row, line, handler);
        }
      }
    } catch (IOException e) {
      String problem = "no CSV from here on: " + DataStreams.problem(e);
      String place = file.place("line", line);
      handler.bad(new BadRowException(Reason.UNREADABLE_FILE, problem, place, e));
    }
  }

  /** The columns' names, or null if the file cannot be read further. */
  private String[] named(String[] head, RowHandler handler) {
    Set<String> names = new HashSet<>();
    for (int i = 0; head != null && i < head.length; i++) {
      head[i] = head[i] == null ? "Unnamed: " + i : head[i]; // as pandas, and so datasets
      if (!names.add(head[i])) {
        String problem = "the head row names %s twice; rename one".formatted(head[i]);
        handler.bad(new BadRowException(Reason.UNREADABLE_FILE, problem, file.place("line", 1)));
        return null;
      }
    }
    return head;
  }

  private void hand(String[] head, String[] fields, long line, RowHandler handler) {
    if (fields.length > head.length) {
      String problem =
          "%s fields where the head row names %s; quote fields that hold the separator"
              .formatted(fields.length, head.length);
      handler.bad(new BadRowException(Reason.MALFORMED_ROW, problem, file.place("line", line)));
      return;
    }
    Map<String, Object> values = new LinkedHashMap<>();
    for (int i = 0; i < head.length; i++) {
      values.put(head[i], i < fields.length ? fields[i] : null);
    }
    handler.row(new SourceRow(values, () -> file.place("line", line)));
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
