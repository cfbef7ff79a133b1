package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NormalisedTextTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          'Two  Words'                  | two words
          ' \t around\r\n it \n'        | around it
          'No\u00A0break \u2003 spaces' | no break spaces
          'Ｆｕｌｌ ｗｉｄｔｈ １２'      | full width 12
          'ﬁne x² ① ™'                  | fine x2 1 tm
          'ÉCOLE'                       | école
          'e\u0301'                     | é
          'İ'                           | i\u0307
          'ΑΣ'                          | ας
          """)
  void isNfkcInLowerCaseWithSingleBlanks(String text, String normalised) {
    assertThat(NormalisedText.of(text)).isEqualTo(normalised);
    assertThat(NormalisedText.of(normalised)).isEqualTo(normalised);
  }

  @Test
  void keepsPunctuationAndNumbers() {
    assertThat(NormalisedText.of("a, b")).isNotEqualTo(NormalisedText.of("a b"));
    assertThat(NormalisedText.of(" \n ")).isEmpty();
  }
}
