package org.sparklora.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.sparklora.model.AdapterStep;
import org.sparklora.model.OneDocument;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;

/** When completions count as the same, and their log-probabilities as right. */
public final class Completions {
  /** Float32 sums of a tiny model in another order. */
  private static final float ROUNDING = 1e-4f;

  private Completions() {}

  /** To the last bit where the engine computes rows independently, else to rounding. */
  static void assertSame(Engine engine, List<Completion> actual, List<Completion> expected) {
    if (engine.independentRows() > 0) {
      assertThat(actual).usingRecursiveComparison().isEqualTo(expected);
      return;
    }
    assertThat(actual).hasSameSizeAs(expected);
    for (int c = 0; c < actual.size(); c++) {
      int same = sameTokens(actual.get(c).tokens(), expected.get(c).tokens());
      for (int t = 0; t < same; t++) {
        assertThat(actual.get(c).logProbs()[t])
            .isCloseTo(expected.get(c).logProbs()[t], within(ROUNDING));
      }
    }
  }

  /** Log-probabilities are those that a learner computes of the whole texts. */
  public static void assertLearned(
      AdapterStep step,
      Tensor parameters,
      List<Prompt> prompts,
      float temperature,
      List<Completion> completions) {
    for (Completion completion : completions) {
      int[] prompt =
          prompts.stream()
              .filter(of -> of.id() == completion.promptId())
              .findFirst()
              .orElseThrow()
              .tokens();
      int[] text =
          IntStream.concat(Arrays.stream(prompt), Arrays.stream(completion.tokens())).toArray();
      float[] learned = step.logProbs(parameters, OneDocument.of(text), temperature).logProbs();
      float[] expected = Arrays.copyOfRange(learned, prompt.length - 1, learned.length);
      assertThat(completion.logProbs()).containsExactly(expected, within(ROUNDING));
    }
  }

  /** Rounding may let another token be drawn; what follows it differs. */
  private static int sameTokens(int[] some, int[] others) {
    int same = 0;
    while (same < some.length && same < others.length && some[same] == others[same]) {
      same++;
    }
    return same;
  }
}
