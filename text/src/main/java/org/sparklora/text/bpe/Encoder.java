package org.sparklora.text.bpe;

import java.util.Locale;

/** Encodes text by a {@link TokenizerPipeline} in one thread, with its own buffers and cache. */
final class Encoder {
  /** The longest piece, in characters; merging takes some fifty bytes a character and thread. */
  private static final int MAX_PIECE = 1 << 21;

  /** The largest byte buffer that is kept for the next piece. */
  private static final int KEPT = 1 << 20;

  private final TokenizerPipeline pipeline;
  private final PieceCache cache = new PieceCache();
  private final Symbols symbols = new Symbols();
  private final IntBuffer ids = new IntBuffer();
  private final IntBuffer starts = new IntBuffer();
  private final IntBuffer ends = new IntBuffer();
  private byte[] bytes = new byte[256];

  Encoder(TokenizerPipeline pipeline) {
    this.pipeline = pipeline;
  }

  int[] encode(String text, boolean addSpecialTokens) {
    walk(text, addSpecialTokens, false);
    return ids.toArray();
  }

  /** See {@link TokenizerPipeline#encodeWithOffsets}. Slower: the cache has no positions. */
  int[][] encodeWithOffsets(String text, boolean addSpecialTokens) {
    walk(text, addSpecialTokens, true);
    return new int[][] {ids.toArray(), starts.toArray(), ends.toArray()};
  }

  private void walk(String text, boolean addSpecialTokens, boolean locates) {
    ids.clear();
    starts.clear();
    ends.clear();
    SpecialTokenFrame frame = pipeline.frame;
    addFrame(addSpecialTokens ? frame.before() : new int[0]);
    pipeline.rawMatcher.scan(
        text,
        0,
        text.length(),
        (id, start, end) -> {
          if (id == AddedTokenMatcher.TEXT) {
            encodeRaw(text, start, end, locates);
          } else {
            add(id, start, end, locates);
          }
        });
    addFrame(addSpecialTokens ? frame.after() : new int[0]);
  }

  private void addFrame(int[] special) {
    for (int id : special) {
      ids.add(id);
      starts.add(0);
      ends.add(0);
    }
  }

  private void encodeRaw(String text, int start, int end, boolean locates) {
    if (pipeline.normalizer != TextNormalizer.NONE) {
      AlignedText own = pipeline.normalizer.apply(AlignedText.of(text.substring(start, end)));
      encodeNormalized(own, 0, own.text().length(), start, locates);
    } else {
      encodeNormalized(AlignedText.of(text), start, end, 0, locates);
    }
  }

  /**
   * @param base where the original of {@code own} begins in the whole text
   */
  private void encodeNormalized(AlignedText own, int start, int end, int base, boolean locates) {
    PreTokenizer.Sink pieces =
        locates
            ? (text, from, to, shift) -> locatePiece(text, from, to, shift, own, base)
            : this::encodePiece;
    pipeline.normalizedMatcher.scan(
        own.text(),
        start,
        end,
        (id, from, to) -> {
          if (id == AddedTokenMatcher.TEXT) {
            pipeline.preTokenizer.cut(own.text(), from, to, 0, pieces);
          } else {
            add(id, base + own.start(from), base + own.end(to - 1), locates);
          }
        });
  }

  private void add(int id, int start, int end, boolean locates) {
    if (locates) {
      locate(id, start, end);
    } else {
      ids.add(id);
    }
  }

  private void encodePiece(String text, int start, int end, int shift) {
    boolean cached = end - start <= PieceCache.MAX_PIECE_LENGTH;
    int hash = cached ? PieceCache.hash(text, start, end) : 0;
    if (cached && cache.copy(text, start, end, hash, ids)) {
      return;
    }
    merge(text, start, end);
    if (cached) {
      cache.put(text, start, end, hash, symbols);
    }
    for (int i = 0; i < symbols.size(); i++) {
      ids.add(symbols.id(i));
    }
  }

  private void merge(String text, int start, int end) {
    if (end - start > MAX_PIECE) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Cannot tokenize a text of %,d characters: %,d of them stand together without a place to cut, at most %,d may; break the text with spaces or leave it out",
              text.length(),
              end - start,
              MAX_PIECE));
    }
    int room = (end - start) * Utf8.MAX_BYTES_PER_CHAR;
    if (bytes.length < room) {
      bytes = new byte[room > KEPT ? room : 2 * room];
    }
    pipeline.model.encode(text, start, end, bytes, symbols);
    if (bytes.length > KEPT) {
      bytes = new byte[256];
    }
  }

  /**
   * Encodes a piece; a token with some of a character's bytes has the whole character's position.
   */
  private void locatePiece(
      String text, int start, int end, int shift, AlignedText aligned, int base) {
    // a prefixed text begins with a space that has the position of the next character
    boolean prefixed = text != aligned.text();
    merge(text, start, end);
    int at = start; // the current character
    int byteEnd = byteLength(text, at, end); // one past its last byte
    for (int i = 0; i < symbols.size(); i++) {
      while (byteEnd <= symbols.start(i)) {
        at += charLength(text, at, end);
        byteEnd += byteLength(text, at, end);
      }
      int first = prefixed && at == 0 ? 1 : at;
      while (byteEnd < symbols.end(i)) {
        at += charLength(text, at, end);
        byteEnd += byteLength(text, at, end);
      }
      int last = prefixed && at == 0 ? 1 : at + charLength(text, at, end) - 1;
      int from = base + aligned.start(first + shift);
      locate(symbols.id(i), from, base + aligned.end(last + shift));
    }
  }

  private static int charLength(String text, int i, int end) {
    return Utf8.codePointAt(text, i, end) > 0xFFFF ? 2 : 1;
  }

  private static int byteLength(String text, int i, int end) {
    int c = Utf8.codePointAt(text, i, end);
    return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  }

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
