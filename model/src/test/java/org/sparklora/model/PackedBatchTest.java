package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class PackedBatchTest {

  @Test
  void shiftsLabelsWithinEachDocumentAndDropsPadding() {
    PackedBatch batch =
        PackedBatch.of(
            List.of(
                new PackedBatch.Row(
                    new int[] {5, 6, 7, 8, 9, 0},
                    new int[] {5, -100, 7, 8, 9, -100},
                    new int[] {3, 2}),
                PackedBatch.Row.of(new int[] {4, 2}, new int[] {4, 2})));

    assertThat(batch.tokens()).containsExactly(5, 6, 7, 8, 9, 4, 2);
    // the label of a document's first token (5, 8, 4) is nobody's target
    assertThat(batch.targets()).containsExactly(-1, 7, -1, 9, -1, 2, -1);
    assertThat(batch.segments().boundaries()).containsExactly(0, 3, 5, 7);
    assertThat(batch.targetPositions()).containsExactly(1, 3, 5);
    assertThat(batch.segments().positions()).containsExactly(0, 1, 2, 0, 1, 0, 1);
  }

  @Test
  void leavesOutEmptyDocuments() {
    PackedBatch batch =
        PackedBatch.of(
            List.of(new PackedBatch.Row(new int[] {1, 2}, new int[] {1, 2}, new int[] {0, 2, 0})));
    assertThat(batch.segments().boundaries()).containsExactly(0, 2);
  }

  @Test
  void refusesLengthsBeyondTheRow() {
    assertThatThrownBy(
            () -> new PackedBatch.Row(new int[] {1, 2}, new int[] {1, 2}, new int[] {2, 1}))
        .hasMessageContaining("2 input_ids with seq_lengths [2, 1]");
    assertThatThrownBy(
            () -> new PackedBatch.Row(new int[] {1, 2}, new int[] {1, 2}, new int[] {3, -1}))
        .hasMessageContaining("seq_lengths [3, -1]: none may be negative");
  }

  @Test
  void refusesMissingLabels() {
    assertThatThrownBy(() -> PackedBatch.Row.of(new int[] {1, 2}, new int[] {1}))
        .hasMessageContaining("2 input_ids and 1 labels");
  }
}
