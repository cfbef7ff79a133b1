package org.sparklora.prep.source;

import java.io.FilterReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * The text of a CSV file for the parser, which would read bytes that are not UTF-8 as question
 * marks and a quote that is never closed as a long field. Refuses both, and skips a byte order
 * mark. Outside of quotes each line ends with a line feed, since the parser takes the first line
 * break of a file, even of a quoted name, for all of its line breaks. Not thread-safe.
 */
final class CsvText extends FilterReader {
  /** Position within a field. */
  private enum Place {
    FIELD_START,
    BARE,
    QUOTED,
    /** After a quote inside quotes: the end of the field, or the first of two quotes. */
    QUOTE
  }

  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private final char separator;
  private Place place = Place.FIELD_START;
  private long line = 1;
  private long opened;
  private long fieldLength;
  private boolean begun;
  private boolean returned; // the last character was a carriage return that ended a line

  CsvText(InputStream in, char separator) {
    super(
        new InputStreamReader(
            in,
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT)));
    this.separator = separator;
  }

  @Override
  public int read(char[] buffer, int offset, int length) throws IOException {
    int kept = 0;
    int count = 1;
    while (kept == 0 && count > 0) { // a part may be the line feed after a carriage return alone
      count = super.read(buffer, offset, length);
      for (int i = 0; i < count; i++) {
        char c = buffer[offset + i];
        boolean skipped = begun ? returned && c == '\n' : c == BYTE_ORDER_MARK;
        begun = true;
        returned = c == '\r' && place != Place.QUOTED;
        if (!skipped) {
          buffer[offset + kept] = returned ? '\n' : c;
          follow(buffer[offset + kept++]);
          requireShort();
        }
      }
    }
    if (count < 0 && place == Place.QUOTED) { // the last row has swallowed the rest
      throw new IOException(
          "the quote that opens a field in line %s is not closed".formatted(opened));
    }
    return count < 0 ? count : kept;
  }

  @Override
  public int read() throws IOException {
    char[] one = new char[1];
    return read(one, 0, 1) < 0 ? -1 : one[0];
  }

  private void follow(char c) {
    fieldLength++;
    if (c == '\n') {
      line++;
    }
    if (place == Place.QUOTED) {
      place = c == '"' ? Place.QUOTE : Place.QUOTED;
    } else if (c == '"' && place != Place.BARE) {
      opened = place == Place.FIELD_START ? line : opened;
      place = Place.QUOTED;
    } else if (c == separator || c == '\n') {
      place = Place.FIELD_START;
      fieldLength = 0;
    } else {
      place = Place.BARE;
    }
  }

  private void requireShort() throws IOException {
    if (fieldLength > LineReader.MOST_BYTES) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "a field has more than %,d characters%s",
              LineReader.MOST_BYTES,
              place == Place.QUOTED ? "; the quote in line %s opens it".formatted(opened) : ""));
    }
  }
}
