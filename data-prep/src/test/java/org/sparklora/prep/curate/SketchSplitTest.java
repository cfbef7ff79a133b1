package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.sparklora.prep.Mixture;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.format.ProblemFormat;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.RowSelection.Take;

class SketchSplitTest {
  private static Optional<Double> score(String column, Map<String, Object> row) {
    Mixture.Part all =
        new Mixture.Part(PrepConfig.Source.of(""), "", Set.of(), new Take(1, Long.MAX_VALUE, 0));
    RowText text = new RowText(ProblemFormat.recognise("prompt", Map.of("prompt", "?")));
    return new SketchSplit.Wanted(all, text, MinHashLsh.NONE, column, false).score(row);
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
