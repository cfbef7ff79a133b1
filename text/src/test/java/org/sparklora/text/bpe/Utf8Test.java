package org.sparklora.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Utf8Test {

  /** What Rust's String::from_utf8_lossy makes of it, U+FFFD written as *. */
  @ParameterizedTest
  @CsvSource({
    "41, A",
    "e4b8ad, 中",
    "f09f9880, 😀",
    "e4b8, *",
    "e4b841, *A",
    "f09f98, *",
    "f09f9841, *A",
    "c041, *A",
    "c080, **",
    "e08080, ***",
    "eda080, ***",
    "f4908080, ****",
    "f5808080, ****",
    "ff, *",
    "80bf, **",
    "e4e4b8ad, *中",
    "f0f09f9880, *😀",
  })
  void decodesEveryMaximalIllFormedPartToOneReplacement(String hex, String text) {
    byte[] bytes = HexFormat.of().parseHex(hex);

    assertThat(Utf8.decodeLossy(bytes)).isEqualTo(text.replace('*', '\uFFFD'));
  }

  @Test
  void encodesAsJavaDoesExceptForLoneSurrogates() throws CharacterCodingException {
    String text = "aé中😀\u0000\uFFFF";

    ByteBuffer bytes = Utf8.encoder().encode(CharBuffer.wrap(text));

    assertThat(bytes.array()).startsWith(text.getBytes(StandardCharsets.UTF_8));
    assertThat(bytes.limit()).isEqualTo(text.getBytes(StandardCharsets.UTF_8).length);
    ByteBuffer lone = Utf8.encoder().encode(CharBuffer.wrap("\uD83D"));
    assertThat(lone.limit()).isEqualTo(3);
    assertThat(lone.array()).startsWith(0xEF, 0xBF, 0xBD);
  }
}
