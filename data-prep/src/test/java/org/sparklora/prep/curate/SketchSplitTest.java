package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.sparklora.prep.PrepConfig.OnBadRows;
import org.sparklora.prep.source.BadRowException;

class SketchSplitTest {
  private static Optional<Double> score(String column, Map<String, Object> row) {
    RowText text = new RowText("", "");
    return new SketchSplit.Wanted(text, OnBadRows.FAIL, LshBands.NONE, column, false).score(row);
  }

  /** All values of CSV files are texts, and so are a table's decimals. */
  @Test
  void aScoreMayBeATextThatSpellsANumber() {
    assertThat(score("s", Map.of("s", "-1.5e2"))).contains(-150.0);
    assertThat(score("s", Map.of("s", 2))).contains(2.0);
    assertThat(score("s", Map.of("s", Double.NaN))).isEmpty();
    assertThat(score("s", Map.of("text", "a"))).isEmpty();
    assertThatThrownBy(() -> score("s", Map.of("s", "1 of 2")))
        .isInstanceOf(BadRowException.class)
        .hasMessageContaining("no number but 1 of 2");
  }

  @Test
  void aColumnWithoutANameIsNoScore() {
    assertThat(score("", Map.of("", "a", "text", "b"))).isEmpty();
  }
}
