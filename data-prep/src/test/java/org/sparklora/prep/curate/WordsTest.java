package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                    | 0
          '... , !'             | 0
          'one, two; (three).'  | 3
          '2+3 = 5'             | 5
          'x-1'                 | 3
          'cost: $5'            | 3
          '北京 is'             | 3
          'e\u0301a b'          | 2
          '😀 b'                | 2
          """)
  void areLettersAndDigitsAndSymbols(String text, int count) {
    assertThat(Words.of(text).count()).isEqualTo(count);
  }

  @Test
  void aGramDependsOnItsWordsAloneAndOnTheirOrder() {
    Words words = Words.of("a b c, x a b c");
    assertThat(words.gram(0, 3)).isEqualTo(words.gram(4, 3));
    assertThat(words.gram(0, 2)).isNotEqualTo(words.gram(1, 2));
    assertThat(Words.of("b a").gram(0, 2)).isNotEqualTo(Words.of("a b").gram(0, 2));
    assertThat(Words.of("2 - 3").gram(0, 3)).isNotEqualTo(Words.of("2 + 3").gram(0, 3));
    assertThat(Words.of("ab").gram(0, 1)).isNotEqualTo(Words.of("a b").gram(0, 2));
  }

  @Test
  void shinglesAreTheSetOfFiveGrams() {
    // a b c d e, b c d e f, and again the first
    long[] shingles = Words.of("a b c d e f a b c d e").shingles(5);
    assertThat(shingles).isSorted().doesNotHaveDuplicates().hasSize(6);
    assertThat(shingles)
        .contains(Words.of("a b c d e").gram(0, 5), Words.of("b c d e f").gram(0, 5));
    assertThat(Words.of("a b").shingles(5)).containsExactly(Words.of("a b").gram(0, 2));
    assertThat(Words.of("").shingles(5)).isEmpty();
  }

  @Test
  void jaccardIsOfTheSets() {
    assertThat(Words.jaccard(new long[] {1, 2, 3}, new long[] {2, 3, 4})).isEqualTo(0.5);
    assertThat(Words.jaccard(new long[] {-1}, new long[] {})).isZero();
    byte[] three = Words.pack(new long[] {-5, 2, 3});
    assertThat(Words.unpack(three)).containsExactly(-5, 2, 3);
    byte[] four = Words.pack(new long[] {-5, 2, 3, 9});
    assertThat(Words.areSimilar(three, four, 0.75)).isTrue();
    assertThat(Words.areSimilar(three, four, 0.76)).isFalse();
  }

  @Test
  void aMillionWordsHaveAMillionHashes() {
    Set<Long> hashes = new HashSet<>();
    LongStream.range(0, 1_000_000)
        .forEach(i -> hashes.add(Words.of(Long.toString(i, 36)).gram(0, 1)));
    assertThat(hashes).hasSize(1_000_000);
  }
}
