package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklora.model.loss.PolicyTargets;

class PolicyBatchTest {

  private static final float[] NONE = PolicyRow.NONE;

  private static PolicyRow row(boolean masked, float[] old, int... completion) {
    return PolicyRow.of(new int[] {1, 2}, completion, 0.5f, masked).withOld(old);
  }

  @Test
  void completionsAreTargetsAndPromptsAreNot() {
    PolicyBatch batch = PolicyBatch.of(List.of(row(false, NONE, 3, 4), other(7, 8), other(6, 5)));

    // the last token of a completion predicts nothing
    assertThat(batch.packed().tokens()).containsExactly(1, 2, 3, 7, 6);
    assertThat(batch.packed().targets()).containsExactly(-1, 3, 4, 8, 5);
    assertThat(batch.packed().segments().positions()).containsExactly(0, 1, 2, 0, 0);
    assertThat(batch.packed().segments().prefixes()).containsOnly(-1);
    assertThat(batch.targets().completions())
        .extracting(PolicyTargets.Completion::length)
        .containsExactly(2, 1, 1);
    assertThat(batch.targets().oldLogProbs()).isEmpty();
  }

  /** A completion of one token to a prompt of one token. */
  private static PolicyRow other(int prompt, int completion) {
    return PolicyRow.of(new int[] {prompt}, new int[] {completion}, 0, false);
  }

  @Test
  void completionsOfOnePromptShareIt() {
    PolicyBatch batch =
        PolicyBatch.of(
            List.of(row(false, NONE, 3, 4), other(7, 8), row(false, NONE, 5), other(7, 9)));

    assertThat(batch.packed().tokens()).containsExactly(1, 2, 3, 7, 2, 7);
    assertThat(batch.packed().targets()).containsExactly(-1, 3, 4, 8, 5, 9);
    assertThat(batch.packed().segments().boundaries()).containsExactly(0, 1, 3, 4, 5, 6);
    assertThat(batch.packed().segments().prefixes()).containsExactly(-1, 0, -1, 0, -1);
    assertThat(batch.packed().segments().positions()).containsExactly(0, 1, 2, 0, 1, 0);
    assertThat(batch.targets().completions())
        .extracting(PolicyTargets.Completion::length)
        .containsExactly(2, 1, 1, 1);
  }

  @Test
  void maskedCompletionsAreCountedAndNotComputed() {
    PolicyBatch batch =
        PolicyBatch.of(
            List.of(row(true, new float[] {-1, -2}, 3, 4), row(false, new float[] {-3}, 5)));

    assertThat(batch.packed().tokens()).containsExactly(1, 2);
    assertThat(batch.targets().completions())
        .extracting(PolicyTargets.Completion::length)
        .containsExactly(0, 1);
    assertThat(batch.targets().oldLogProbs())
        .hasValueSatisfying(old -> assertThat(old).containsExactly(-3f));
    PolicyBatch nothing = PolicyBatch.of(List.of(row(true, NONE, 3)));
    assertThat(nothing.packed().tokenCount()).isZero();
    assertThat(nothing.targets().completions()).hasSize(1);
  }

  /** TRL's attention mask: all of prompt and completion, and the prompt of a masked completion. */
  @Test
  void allTokensAreComputedForALossOfRouters() {
    PolicyBatch batch =
        PolicyBatch.ofAllTokens(
            List.of(row(false, NONE, 3, 4), row(true, NONE, 8, 9), row(false, NONE, 5)));

    assertThat(batch.packed().tokens()).containsExactly(1, 2, 3, 4, 1, 2, 1, 2, 5);
    assertThat(batch.packed().targets()).containsExactly(-1, 3, 4, -1, -1, -1, -1, 5, -1);
    assertThat(batch.packed().segments().boundaries()).containsExactly(0, 4, 6, 9);
    assertThat(batch.packed().segments().prefixes()).containsOnly(-1);
    assertThat(batch.targets().completions())
        .extracting(PolicyTargets.Completion::length)
        .containsExactly(2, 0, 1);
    assertThat(batch.targets().tokens()).isEqualTo(3);
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThatThrownBy(() -> row(false, new float[1], 3, 4))
        .hasMessageContaining("1 old log-probabilities for a completion of 2");
    assertThatThrownBy(
            () -> PolicyBatch.of(List.of(row(false, new float[1], 3), row(false, NONE, 3))))
        .hasMessageContaining("2 completions of which only 1 have old");
    assertThatThrownBy(() -> PolicyRow.of(new int[0], new int[] {1}, 0, false))
        .hasMessageContaining("without a prompt");
  }
}
