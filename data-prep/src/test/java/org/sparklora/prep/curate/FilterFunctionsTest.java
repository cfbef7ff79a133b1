package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FilterFunctionsTest {

  /** Ten words have six 5-grams; "a b c d e a b c d e" has five different ones. */
  @Test
  void repetitionIsTheShareOfFormerGrams() {
    assertThat(FilterFunctions.repetition("a b c d e f g h i j")).isZero();
    assertThat(FilterFunctions.repetition("a b c d e a b c d e")).isCloseTo(1 / 6.0, within(1e-12));
    assertThat(FilterFunctions.repetition("no ".repeat(104))).isCloseTo(0.99, within(1e-12));
    assertThat(FilterFunctions.repetition("a a a a")).isZero();
    assertThat(FilterFunctions.repetition("")).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "<think>why</think> 4, true",
    "So <think>why</think> 4, true",
    "<think>why</think> , false",
    "<think>why, false",
    "4, false",
    "</think>4<think>, false",
    "<think>a</think>b<think>c</think>d, false"
  })
  void aWholeThoughtIsOneWithAnAnswer(String text, boolean whole) {
    assertThat(FilterFunctions.isWholeThought(text)).isEqualTo(whole);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "4",
        "\\boxed{4}",
        "\\boxed{\\frac{1}{2}} or \\fbox {2}",
        "\\boxed{\\{4\\}}",
        "\\boxed 4 {"
      })
  void closedBoxes(String text) {
    assertThat(FilterFunctions.areBoxesClosed(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\boxed{4",
        "\\boxed{\\frac{1}{2}",
        "\\boxed{4\\}",
        "\\boxed{4} and \\boxed{",
        "\\boxed{\\boxed{4}"
      })
  void openBoxes(String text) {
    assertThat(FilterFunctions.areBoxesClosed(text)).isFalse();
  }
}
