package org.sparklora.model.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SegmentsTest {

  @Test
  void positionsRestartAtEachDocument() {
    Segments segments = Segments.ofLengths(2, 3, 1);
    assertThat(segments.boundaries()).containsExactly(0, 2, 5, 6);
    assertThat(segments.positions()).containsExactly(0, 1, 0, 1, 2, 0);
    assertThat(segments.count()).isEqualTo(3);
    assertThat(segments.tokens()).isEqualTo(6);
    assertThat(segments.longest()).isEqualTo(3);
    assertThat(segments.start(1)).isEqualTo(2);
    assertThat(segments.end(1)).isEqualTo(5);
  }

  @Test
  void noDocumentsAreNoTokens() {
    assertThat(Segments.ofLengths().tokens()).isZero();
    assertThat(Segments.ofLengths().longest()).isZero();
    assertThat(Segments.ofLengths().positions()).isEmpty();
  }

  @Test
  void refusesEmptyDocumentsAndAStartBeyondZero() {
    assertThatThrownBy(() -> Segments.ofLengths(2, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[0, 2, 2]")
        .hasMessageContaining("number 2");
    assertThatThrownBy(() -> new Segments(new int[] {1, 2}))
        .hasMessageContaining("the first must be 0");
    assertThatThrownBy(() -> new Segments(new int[0])).hasMessageContaining("the first must be 0");
  }
}
