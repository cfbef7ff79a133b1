package org.sparklora.text.bpe;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Encodes text by a {@link TokenizerPipeline} in one thread, with its own buffers and cache of that
 * pipeline's pieces. Holds the pipeline only while it encodes: a pooled thread keeps its encoders,
 * and would keep the vocabulary of every tokenizer it ever used.
 */
final class Encoder {
  /** The longest piece, in characters; merging takes some fifty bytes a character and thread. */
  private static final int MAX_PIECE = 1 << 21;

  /** The bytes of the buffer that serves one text after the other; a longer text has its own. */
  private static final int KEPT = 1 << 18;

  private final PieceCache cache = new PieceCache();
  private final Symbols symbols = new Symbols();
  private final IntBuffer ids = new IntBuffer();
  private final IntBuffer starts = new IntBuffer();
  private final IntBuffer ends = new IntBuffer();
  private final CharsetEncoder encoder = Utf8.encoder();
  private final ByteBuffer kept = ByteBuffer.allocate(KEPT);
  private int textLength; // characters of the current text
  private boolean locates; // whether the current text's tokens get positions
  private TokenizerPipeline pipeline; // set while a text is encoded, otherwise null

  /** See {@link TokenizerPipeline#encode}. Slower with offsets: the cache has no positions. */
  int[][] encode(TokenizerPipeline by, String text, boolean addSpecialTokens, boolean offsets) {
    pipeline = by;
    textLength = text.length();
    locates = offsets;
    ids.clear();
    starts.clear();
    ends.clear();
    try {
      addFrame(addSpecialTokens ? by.frame.before() : new int[0]);
      by.rawMatcher.scan(
          text,
          (id, start, end) -> {
            if (id == AddedTokenMatcher.TEXT) {
              encodeRaw(text.substring(start, end), start);
            } else {
              add(id, start, end);
            }
          });
      addFrame(addSpecialTokens ? by.frame.after() : new int[0]);
    } finally {
      pipeline = null;
    }
    return offsets
        ? new int[][] {ids.toArray(), starts.toArray(), ends.toArray()}
        : new int[][] {ids.toArray()};
  }

  private void addFrame(int[] special) {
    for (int id : special) {
      add(id, 0, 0);
    }
  }

  /** Encodes the text between two added tokens, which begins at {@code base} of the whole text. */
  private void encodeRaw(String text, int base) {
    AlignedText own = pipeline.normalizer.apply(AlignedText.of(text));
    pipeline.normalizedMatcher.scan(
        own.text(),
        (id, start, end) -> {
          if (id == AddedTokenMatcher.TEXT) {
            boolean isFirst = base + own.start(start) == 0;
            AlignedText piece = pipeline.metaspace.apply(own.slice(start, end), isFirst);
            encodeNormalized(piece, base);
          } else {
            add(id, base + own.start(start), base + own.end(end - 1));
          }
        });
  }

  private void encodeNormalized(AlignedText own, int base) {
    int room = Math.multiplyExact(own.text().length(), (int) encoder.maxBytesPerChar());
    ByteBuffer encoded = room > KEPT ? ByteBuffer.allocate(room) : kept.clear();
    encoder.reset().encode(CharBuffer.wrap(own.text().toCharArray()), encoded, true);
    byte[] utf8 = encoded.array();
    PreTokenizer.Sink sink = this::encodePiece;
    if (locates) {
      int[] units = Utf8.units(utf8, encoded.position());
      sink =
          (text, from, to, shift) -> {
            merge(text, from, to);
            for (int i = 0; i < symbols.size(); i++) {
              int first = from + symbols.start(i);
              int last = from + symbols.end(i) - 1;
              if (text != utf8) { // a prefixed space has the position of the next character
                first = Math.max(1, first);
                last = Math.max(1, last);
              }
              int unit = units[last + shift];
              int lastUnit = own.text().offsetByCodePoints(unit, 1) - 1;
              int start = base + own.start(units[first + shift]);
              locate(symbols.id(i), start, base + own.end(lastUnit));
            }
          };
    }
    pipeline.preTokenizer.cut(utf8, 0, encoded.position(), 0, sink);
  }

  private void add(int id, int start, int end) {
    if (locates) {
      locate(id, start, end);
    } else {
      ids.add(id);
    }
  }

  private void encodePiece(byte[] text, int start, int end, int shift) {
    if (cache.copy(text, start, end, ids)) {
      return;
    }
    merge(text, start, end);
    cache.put(symbols);
    for (int i = 0; i < symbols.size(); i++) {
      ids.add(symbols.id(i));
    }
  }

  private void merge(byte[] text, int start, int end) {
    if (end - start > MAX_PIECE) {
      int characters = new String(text, start, end - start, StandardCharsets.UTF_8).length();
      if (characters > MAX_PIECE) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "Cannot tokenize a text of %,d characters: %,d of them stand together without a place to cut, at most %,d may; break the text with spaces or leave it out",
                textLength,
                characters,
                MAX_PIECE));
      }
    }
    pipeline.model.encode(text, start, end, symbols);
  }

  /** Adds a token; a token of some of a character's bytes gets the whole character's position. */
  private void locate(int id, int start, int end) {
    SpecialTokenFrame frame = pipeline.frame;
    int from = start;
    int to = end;
    if (frame.trimOffsets()) {
      String token = pipeline.token(id);
      int leading = spaces(token, true);
      if (leading == 1 && frame.prefixSpace() && (starts.size() == 0 || start == 0)) {
        leading = 0; // the space that the pre-tokenizer inserted
      }
      int trailing = spaces(token, false);
      from = Math.min(from + leading, to);
      to = to >= trailing ? Math.max(to - trailing, from) : to;
    }
    ids.add(id);
    starts.add(from);
    ends.add(to);
  }

  /** Counts the spaces at one end of a token: white space or {@link ByteAlphabet}'s byte 32. */
  private static int spaces(String token, boolean leading) {
    char space = ByteAlphabet.charOf(' ');
    int count = 0;
    while (count < token.length()) {
      char c = token.charAt(leading ? count : token.length() - 1 - count);
      if (c != space && !UnicodeClasses.isWhitespace(c)) {
        break;
      }
      count++;
    }
    return count;
  }
}
