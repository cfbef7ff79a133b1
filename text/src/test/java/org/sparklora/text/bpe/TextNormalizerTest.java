package org.sparklora.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import java.text.Normalizer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextNormalizerTest {

  /** The right-hand sides are what {@code tokenizers.normalizers} 0.23.3 gives. */
  @ParameterizedTest
  @CsvSource({
    "NFC, e\u0316\u0301, \u00E9\u0316",
    "NFC, e\u08D3\u0301, e\u08D3\u0301", // a mark of Unicode 11
    "NFC, \u1DD6\u034E\u0D3B\u02AC, \u034E\u1DD6\u0D3B\u02AC", // a virama of Unicode 10
    "NFC, \uD806\uDD35\uD806\uDD30, \uD806\uDD35\uD806\uDD30", // makes U+11938 since Unicode 13
    "NFD, \uD806\uDD38, \uD806\uDD38",
    "NFKC, \u32FE\u32FF, \u30F2\u32FF", // the era name of 2019
    "NFKC, \u3139\u3155, \uB824", // letters that merge when they have become conjoining
    "NFKD, \uFB01\uA7F2, fi\uA7F2"
  })
  void normalFormsAreThoseOfUnicode9(Normalizer.Form form, String text, String expected) {
    assertThat(new TextNormalizer.UnicodeForm(form).apply(text)).isEqualTo(expected);
  }
}
