package org.sparklora.reward.math;

import java.util.List;
import org.sparklora.reward.math.ExtractionTarget.Boxed;
import org.sparklora.reward.math.ExtractionTarget.Latex;
import org.sparklora.reward.math.ExtractionTarget.Normalization;

/**
 * Judges a completion against a solution: thinking is cut away, the answer is found, cleaned,
 * parsed and compared.
 *
 * <p>Deterministic, thread-safe, and bounded: a verdict takes no longer than its budget.
 */
public final class MathReward {
  /** What one verdict may take. */
  public static final long DEFAULT_BUDGET_MILLIS = 1_000;

  private static final List<Latex> GOLD = List.of(new Latex(true, 0, Normalization.full()));
  private static final List<Latex> PREDICTION =
      List.of(new Latex(false, 0, new Normalization(true, true, false, false, Boxed.NONE)));

  private final Dialect dialect;
  private final long budgetMillis;
  private final Algebra algebra;

  /** Which rules judge. */
  public enum Dialect {
    /** The verdicts of Math-Verify 0.9.0, its quirks included. */
    MATH_VERIFY,
    /** What a person would say. */
    SOUND
  }

  private MathReward(Dialect dialect, long budgetMillis, Algebra algebra) {
    this.dialect = dialect;
    this.budgetMillis = budgetMillis;
    this.algebra = algebra;
  }

  public static MathReward of(Dialect dialect) {
    return of(dialect, DEFAULT_BUDGET_MILLIS);
  }

  /** Throws {@link IllegalArgumentException} for a budget that is not positive. */
  public static MathReward of(Dialect dialect, long budgetMillis) {
    if (budgetMillis <= 0) {
      throw new IllegalArgumentException(
          "Cannot judge within budget_millis = "
              + budgetMillis
              + ": it must be positive; 1000 is usual");
    }
    return new MathReward(dialect, budgetMillis, new NumericAlgebra(Algebra.NONE));
  }

  /** Judges one completion. Never throws for what the texts hold. */
  public Verdict judge(String completion, String solution) {
    Budget budget = Budget.ofMillis(budgetMillis);
    return judgeAsReference(completion, solution, budget);
  }

  private Verdict judgeAsReference(String completion, String solution, Budget budget) {
    Answer gold = extract("$" + solution + "$", GOLD, false, budget);
    if (gold.isEmpty()) {
      return new Verdict(Verdict.Outcome.UNVERIFIABLE, "solution cannot be parsed", "", "");
    }
    Answer answer = extract(Thinking.strip(completion), PREDICTION, true, budget);
    if (answer.isEmpty()) {
      return new Verdict(Verdict.Outcome.WRONG, "no answer found", gold.describe(), "");
    }
    try {
      boolean same = MathVerify.verify(gold, answer, VerifyConfig.defaults(), algebra, budget);
      String reason =
          same
              ? "equal"
              : answer.expression().isPresent() ? "not equal" : "answer cannot be parsed";
      return new Verdict(
          same ? Verdict.Outcome.CORRECT : Verdict.Outcome.WRONG,
          reason,
          gold.describe(),
          answer.describe());
    } catch (Budget.Exceeded exceeded) {
      return new Verdict(
          Verdict.Outcome.WRONG, "budget exceeded", gold.describe(), answer.describe());
    }
  }

  private static Answer extract(
      String text, List<Latex> targets, boolean firstMatchOnly, Budget budget) {
    try {
      return AnswerExtraction.extract(text, targets, firstMatchOnly, true, budget);
    } catch (Budget.Exceeded exceeded) {
      return Answer.NONE;
    }
  }
}
