package org.sparklora.train.grpo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.sparklora.model.PolicyRow;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.workers.LocalWorkers;

class LogProbStageTest {
  /** A completion of {@code length} tokens, of a prompt of 10 that is told by its number. */
  private static PolicyRow sequence(int prompt, int length) {
    return PolicyRow.of(
        IntStream.range(0, 10).map(n -> prompt).toArray(), new int[length], 0, false);
  }

  private static List<Integer> sizes(List<PolicyRow> sequences, int rows) {
    List<List<PolicyRow>> batches = LogProbStage.batches(sequences, rows);
    assertThat(batches.stream().flatMap(List::stream)).containsExactlyElementsOf(sequences);
    return batches.stream().map(List::size).toList();
  }

  @Test
  void completionsOfOnePromptShareItWithinAMicroBatchsTokens() {
    // the longest sequence has 10 + 30 tokens: 10 + 3·10 are as many, and 10 more are too many
    List<PolicyRow> group =
        Stream.of(10, 10, 10, 10, 30, 5, 5).map(length -> sequence(1, length)).toList();
    assertThat(sizes(group, 1)).containsExactly(3, 1, 1, 2);
    // twice as many tokens for two rows: 10 + 4·10 + 30
    assertThat(sizes(group, 2)).containsExactly(5, 2);
  }

  /** Computing them would take a model. */
  @Test
  void rowsThatHaveTheReferencesLogProbabilitiesKeepThem() {
    List<PolicyRow> rows =
        List.of(
            sequence(1, 2).withReference(new float[] {-1, -2}),
            PolicyRow.of(new int[] {1}, new int[] {2}, 0, true));
    LogProbStage stage = new LogProbStage(new LocalWorkers(), null, 1, 2);
    assertThat(stage.withReference(new LocalWorkers().lend(new FlatVector(0)), rows))
        .isEqualTo(rows);
  }

  @Test
  void anotherPromptEndsABatchThatHasItsRows() {
    List<PolicyRow> groups =
        List.of(sequence(1, 3), sequence(1, 3), sequence(1, 3), sequence(2, 3), sequence(2, 30));
    assertThat(sizes(groups, 1)).containsExactly(3, 1, 1);
    assertThat(sizes(groups, 4)).containsExactly(5);
    assertThat(sizes(List.of(), 4)).isEmpty();
  }
}
