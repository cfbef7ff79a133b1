package org.sparklora.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The hand-written scanners against the regular expressions they stand for. */
class PieceScannerTest {
  private static final String[] PARTS = {
    "'s",
    "'S",
    "'ſ",
    "'ll",
    "'lL",
    "'rE",
    "'ve",
    "''d",
    "'",
    "word",
    "Wörter",
    "ſ",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\u00A0",
    "\u2028",
    "\u3000",
    "\u0085",
    "1",
    "12345",
    "½",
    "१२",
    "Ⅷ",
    "𝟘𝟙",
    "中文",
    "e\u0301",
    "!?",
    "...",
    "😀",
    "👩\u200D🚀",
    "\u0000",
    "𝔘",
    "\u1C89",
    "\uD83D",
    "\uDE00",
    "\uFFFD",
    "_",
    "\u0301"
  };

  @Test
  void llama3ScannerCutsAsItsExpression() {
    assertAgrees(new Cl100kScanner(3), Cl100kScanner.LLAMA3_PATTERN);
  }

  @Test
  void qwenScannerCutsAsItsExpression() {
    assertAgrees(new Cl100kScanner(1), Cl100kScanner.QWEN_PATTERN);
  }

  @Test
  void gpt2ScannerCutsAsItsExpression() {
    assertAgrees(new Gpt2Scanner(), Gpt2Scanner.PATTERN);
  }

  private static void assertAgrees(PieceScanner scanner, String expression) {
    Pattern pattern = OnigurumaPattern.compile(expression);
    CharsetEncoder encoder = Utf8.encoder();
    Random random = new Random(expression.length());
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = 1 + random.nextInt(8); n > 0; n--) {
        text.append(PARTS[random.nextInt(PARTS.length)]);
        if (random.nextInt(4) == 0) {
          text.appendCodePoint(random.nextInt(0x3100));
        }
      }
      ByteBuffer encoded = ByteBuffer.allocate(3 * text.length());
      encoder.reset().encode(CharBuffer.wrap(text), encoded, true);
      byte[] utf8 = encoded.array();
      int length = encoded.position();

      assertThat(scan(scanner, utf8, length))
          .isEqualTo(match(pattern, new String(utf8, 0, length, StandardCharsets.UTF_8)));
    }
  }

  private static List<String> scan(PieceScanner scanner, byte[] text, int length) {
    List<String> pieces = new ArrayList<>();
    scanner.cut(
        text,
        0,
        length,
        0,
        (utf8, start, end, shift) ->
            pieces.add(new String(utf8, start, end - start, StandardCharsets.UTF_8)));
    return pieces;
  }

  private static List<String> match(Pattern pattern, String text) {
    List<String> pieces = new ArrayList<>();
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      pieces.add(matcher.group());
    }
    return pieces;
  }
}
