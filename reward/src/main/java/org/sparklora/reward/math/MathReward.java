package org.sparklora.reward.math;

import java.util.List;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.Completion;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.Reward;
import org.sparklora.reward.math.algebra.Algebra;
import org.sparklora.reward.math.algebra.Budget;
import org.sparklora.reward.math.algebra.NumericAlgebra;
import org.sparklora.reward.math.dialect.MathVerify;
import org.sparklora.reward.math.dialect.SoundJudge;
import org.sparklora.reward.math.dialect.VerifyConfig;
import org.sparklora.reward.math.extract.Answer;
import org.sparklora.reward.math.extract.AnswerExtraction;
import org.sparklora.reward.math.extract.ExtractionTarget;
import org.sparklora.reward.math.extract.ExtractionTarget.Boxed;
import org.sparklora.reward.math.extract.ExtractionTarget.Latex;
import org.sparklora.reward.math.extract.ExtractionTarget.Normalization;
import org.sparklora.reward.math.extract.Thinking;

/**
 * 1 when a completion's final answer equals the solution, 0 when it does not, none when the
 * solution cannot be parsed: thinking is cut off, the answer is found, cleaned, parsed and
 * compared.
 *
 * <p>Thread-safe and bounded. A verdict depends on completion and solution alone, not on the
 * machine or its load: what ends a long one is the steps of a {@link Budget}, and the verdict is
 * then WRONG with reason {@code budget exceeded}, since no reader would follow such an answer
 * either. A clock stands guard over what steps miss; what it ends is not judged.
 *
 * @param recipe how solution and answer are found
 * @param dialect which rules judge
 * @param budgetMillis of CPU time after which a verdict that its steps did not end is given up
 */
public record MathReward(Recipe recipe, Dialect dialect, long budgetMillis) implements Reward {
  /** The guard's, unless set: forty times what the steps of a verdict take. */
  public static final long DEFAULT_BUDGET_MILLIS = 60_000;

  private static final Algebra ALGEBRA = new NumericAlgebra(Algebra.NONE);

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
    STRIP_REASONING("strip_reasoning_accuracy_reward"),
    /** {@code accuracy_reward}: the solution is any text that holds mathematics. */
    ACCURACY("accuracy_reward"),
    /**
     * {@code reasoning_accuracy_reward}: the answer stands after the last {@code </think>}, or
     * scores 0.
     */
    REASONING("reasoning_accuracy_reward"),
    /** As the guide's, with the solution after the last {@code ####}. */
    GSM8K("gsm8k_reward");

    private final String rewardName;

    Recipe(String rewardName) {
      this.rewardName = rewardName;
    }

    /** The name of the reward function. */
    public String rewardName() {
      return rewardName;
    }
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

  /** Throws {@link IllegalArgumentException} for a budget that is not positive. */
  public MathReward {
    if (budgetMillis <= 0) {
      throw new IllegalArgumentException(
          "Cannot judge within budget_millis = "
              + budgetMillis
              + ": it must be positive; 60000 is usual");
    }
  }

  /** The guide's reward with the usual guard. */
  public static MathReward of(Dialect dialect) {
    return new MathReward(Recipe.STRIP_REASONING, dialect, DEFAULT_BUDGET_MILLIS);
  }

  @Override
  public String name() {
    return recipe.rewardName();
  }

  @Override
  public Judgement judge(Completion completion) {
    return completion
        .solution()
        .map(solution -> judge(completion.text(), solution))
        .orElseGet(() -> Judgement.unverifiable("no solution"));
  }

  /**
   * Judges one completion. Never throws for what the texts hold: a verdict that fails, if only by
   * running out of stack, says that it failed and why.
   */
  public Judgement judge(String completion, String solution) {
    return judge(completion, solution, Budget.ofMillis(budgetMillis));
  }

  /** The same with a new budget of the caller's, which then tells the steps it took. */
  Judgement judge(String completion, String solution, Budget budget) {
    try {
      return judgeWithin(completion, solution, budget);
    } catch (Budget.OutOfTime stopped) {
      return Judgement.of(Verdict.FAILED, stopped.getMessage(), "", "");
    } catch (RuntimeException | StackOverflowError failure) {
      return Judgement.failed(failure, "");
    }
  }

  private Judgement judgeWithin(String completion, String solution, Budget budget) {
    // Both are walked through a few times before anything in them is found.
    budget.scan(4 * Math.min(Integer.MAX_VALUE / 8, completion.length() + solution.length()));
    String reference = solution;
    if (recipe == Recipe.GSM8K && solution.contains(GSM8K_ANSWER)) {
      int after = solution.lastIndexOf(GSM8K_ANSWER) + GSM8K_ANSWER.length();
      reference = solution.substring(after).strip();
    }
    return dialect == Dialect.SOUND
        ? new SoundJudge(ALGEBRA, budget).judge(completion, reference)
        : judgeAsReference(completion, reference, budget);
  }

  private Judgement judgeAsReference(String completion, String solution, Budget budget) {
    boolean guide = recipe == Recipe.STRIP_REASONING || recipe == Recipe.GSM8K;
    if (recipe == Recipe.REASONING && !completion.contains(END_OF_THINKING)) {
      return Judgement.of(Verdict.WRONG, "thinking does not end", "", "");
    }
    Answer gold =
        guide
            ? extract("$" + solution + "$", LATEX_GOLD, false, budget)
            : extract(solution, ANY_GOLD, false, budget);
    if (gold.isEmpty()) {
      return Judgement.unverifiable("solution cannot be parsed");
    }
    Answer answer =
        guide
            ? extract(Thinking.strip(completion), UNBOXED_PREDICTION, true, budget)
            : extract(answerPart(completion), PREDICTION, true, budget);
    if (answer.isEmpty()) {
      return Judgement.of(Verdict.WRONG, "no answer found", gold.describe(), "");
    }
    try {
      boolean same = MathVerify.verify(gold, answer, VerifyConfig.defaults(), ALGEBRA, budget);
      String reason =
          same
              ? "equal"
              : answer.expression().isPresent() ? "not equal" : "answer cannot be parsed";
      return Judgement.of(
          same ? Verdict.CORRECT : Verdict.WRONG, reason, gold.describe(), answer.describe());
    } catch (Budget.Exceeded exceeded) {
      return Judgement.of(Verdict.WRONG, "budget exceeded", gold.describe(), answer.describe());
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
