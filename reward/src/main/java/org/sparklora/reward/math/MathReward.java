package org.sparklora.reward.math;

import java.util.List;
import org.sparklora.reward.math.algebra.Algebra;
import org.sparklora.reward.math.algebra.Budget;
import org.sparklora.reward.math.algebra.NumericAlgebra;
import org.sparklora.reward.math.dialect.MathVerify;
import org.sparklora.reward.math.dialect.SoundJudge;
import org.sparklora.reward.math.dialect.Verdict;
import org.sparklora.reward.math.dialect.VerifyConfig;
import org.sparklora.reward.math.extract.Answer;
import org.sparklora.reward.math.extract.AnswerExtraction;
import org.sparklora.reward.math.extract.ExtractionTarget;
import org.sparklora.reward.math.extract.ExtractionTarget.Boxed;
import org.sparklora.reward.math.extract.ExtractionTarget.Latex;
import org.sparklora.reward.math.extract.ExtractionTarget.Normalization;
import org.sparklora.reward.math.extract.Thinking;

/**
 * Judges a completion against a solution: thinking is cut away, the answer is found, cleaned,
 * parsed and compared.
 *
 * <p>Deterministic, thread-safe, and bounded: a verdict takes no longer than its budget.
 */
public final class MathReward {
  /** What one verdict may take. */
  public static final long DEFAULT_BUDGET_MILLIS = 1_000;

  private final Recipe recipe;
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

  /**
   * How solution and answer are found: one for each of the reward functions of TRL and its guide.
   */
  public enum Recipe {
    /**
     * The guide's {@code strip_reasoning_accuracy_reward}: thinking is cut away, the solution is
     * LaTeX.
     */
    STRIP_REASONING,
    /** {@code accuracy_reward}: the solution is any text that holds mathematics. */
    ACCURACY,
    /**
     * {@code reasoning_accuracy_reward}: the answer stands after the last {@code </think>}, or
     * scores 0.
     */
    REASONING,
    /** As the guide's, with the solution after the last {@code ####}. */
    GSM8K
  }

  private static final List<Latex> LATEX_GOLD = List.of(new Latex(true, 0, Normalization.full()));
  private static final List<ExtractionTarget> ANY_GOLD =
      List.of(Latex.defaults(), ExtractionTarget.Plain.defaults());
  private static final List<Latex> UNBOXED_PREDICTION =
      List.of(new Latex(false, 0, new Normalization(true, true, false, false, Boxed.NONE)));
  private static final List<Latex> PREDICTION =
      List.of(new Latex(false, 0, new Normalization(true, true, false, false, Boxed.ALL)));
  private static final String END_OF_THINKING = "</think>";
  private static final String GSM8K_ANSWER = "####";

  private MathReward(Recipe recipe, Dialect dialect, long budgetMillis, Algebra algebra) {
    this.recipe = recipe;
    this.dialect = dialect;
    this.budgetMillis = budgetMillis;
    this.algebra = algebra;
  }

  /** The guide's reward within the usual budget. */
  public static MathReward of(Dialect dialect) {
    return of(Recipe.STRIP_REASONING, dialect, DEFAULT_BUDGET_MILLIS);
  }

  /** Throws {@link IllegalArgumentException} for a budget that is not positive. */
  public static MathReward of(Recipe recipe, Dialect dialect, long budgetMillis) {
    if (budgetMillis <= 0) {
      throw new IllegalArgumentException(
          "Cannot judge within budget_millis = "
              + budgetMillis
              + ": it must be positive; 1000 is usual");
    }
    return new MathReward(recipe, dialect, budgetMillis, new NumericAlgebra(Algebra.NONE));
  }

  /**
   * Judges one completion. Never throws for what the texts hold: a verdict that fails, if only by
   * running out of stack, says that it failed and why.
   */
  public Verdict judge(String completion, String solution) {
    try {
      return judgeWithin(completion, solution);
    } catch (RuntimeException | StackOverflowError failure) {
      return new Verdict(Verdict.Outcome.FAILED, Verdict.failed(failure), "", "");
    }
  }

  private Verdict judgeWithin(String completion, String solution) {
    Budget budget = Budget.ofMillis(budgetMillis);
    String reference = solution;
    if (recipe == Recipe.GSM8K && solution.contains(GSM8K_ANSWER)) {
      int after = solution.lastIndexOf(GSM8K_ANSWER) + GSM8K_ANSWER.length();
      reference = solution.substring(after).strip();
    }
    return dialect == Dialect.SOUND
        ? new SoundJudge(algebra, budget).judge(completion, reference)
        : judgeAsReference(completion, reference, budget);
  }

  private Verdict judgeAsReference(String completion, String solution, Budget budget) {
    boolean guide = recipe == Recipe.STRIP_REASONING || recipe == Recipe.GSM8K;
    if (recipe == Recipe.REASONING && !completion.contains(END_OF_THINKING)) {
      return new Verdict(Verdict.Outcome.WRONG, "thinking does not end", "", "");
    }
    Answer gold =
        guide
            ? extract("$" + solution + "$", LATEX_GOLD, false, budget)
            : extract(solution, ANY_GOLD, false, budget);
    if (gold.isEmpty()) {
      return new Verdict(Verdict.Outcome.UNVERIFIABLE, "solution cannot be parsed", "", "");
    }
    Answer answer =
        guide
            ? extract(Thinking.strip(completion), UNBOXED_PREDICTION, true, budget)
            : extract(answerPart(completion), PREDICTION, true, budget);
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

  private String answerPart(String completion) {
    int end = recipe == Recipe.REASONING ? completion.lastIndexOf(END_OF_THINKING) : -1;
    return end < 0 ? completion : completion.substring(end + END_OF_THINKING.length());
  }

  private static Answer extract(
      String text,
      List<? extends ExtractionTarget> targets,
      boolean firstMatchOnly,
      Budget budget) {
    try {
      return AnswerExtraction.extract(text, targets, firstMatchOnly, true, budget);
    } catch (Budget.Exceeded exceeded) {
      return Answer.NONE;
    }
  }
}
