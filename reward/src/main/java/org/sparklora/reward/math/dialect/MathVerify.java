package org.sparklora.reward.math.dialect;

import java.util.List;
import org.sparklora.reward.math.extract.Answer;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Value;

/** Math-Verify's function {@code verify}. Stateless and thread-safe. */
public final class MathVerify {
  private MathVerify() {}

  /** Whether any extracted pair is equal: expression with expression, text with text. */
  public static boolean verify(
      Answer gold, Answer answer, VerifyConfig config, AlgebraLimit budget) {
    if (gold.expression().isPresent() && answer.expression().isPresent()) {
      try {
        MathEquivalence equivalence = new MathEquivalence(config, budget);
        if (equivalence.same(gold.expression().get(), answer.expression().get())) {
          return true;
        }
      } catch (AlgebraLimit.Exceeded exceeded) {
        if (budget.isSpent()) {
          throw exceeded;
        }
        // Too big to compare as terms; the texts may still be equal.
      } catch (Value.None | ArithmeticException none) {
        // No value on one side.
      }
    }
    return sameText(gold.words(), answer.words());
  }

  private static boolean sameText(List<String> gold, List<String> answer) {
    return gold.stream()
        .map(String::strip)
        .anyMatch(word -> !word.isEmpty() && answer.stream().anyMatch(w -> w.strip().equals(word)));
  }
}
