package org.sparklora.model.engine;

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
    assertThatThrownBy(() -> new Segments(new int[] {1, 2}, new int[1]))
        .hasMessageContaining("the first must be 0");
    assertThatThrownBy(() -> new Segments(new int[0], new int[0]))
        .hasMessageContaining("the first must be 0");
  }

  @Test
  void aDocumentThatContinuesAnotherGoesOnWithItsPositions() {
    Segments segments = Segments.ofLengths(2, 3, 1, 2).continuing(new int[] {-1, 0, -1, 0});
    assertThat(segments.positions()).containsExactly(0, 1, 2, 3, 4, 0, 2, 3);
    assertThat(segments.longest()).isEqualTo(5);
    assertThat(segments.branches())
        .containsExactly(
            BranchAttentionContractTest.branch(0, 2, 0, 0, 0, 0),
            BranchAttentionContractTest.branch(2, 3, 0, 2, 2, 0),
            BranchAttentionContractTest.branch(5, 1, 0, 0, 5, 0),
            BranchAttentionContractTest.branch(6, 2, 0, 2, 6, 0));
  }

  @Test
  void refusesToContinueALaterDocumentOrAContinuation() {
    Segments segments = Segments.ofLengths(2, 3, 1);
    assertThatThrownBy(() -> segments.continuing(new int[] {1, -1, -1}))
        .hasMessageContaining("document 1 as number 0");
    assertThatThrownBy(() -> segments.continuing(new int[] {-1, 0, 1}))
        .hasMessageContaining("document 1 as number 2");
    assertThatThrownBy(() -> segments.continuing(new int[] {-1, 0}))
        .hasMessageContaining("2 prefixes for 3 documents");
  }
}
