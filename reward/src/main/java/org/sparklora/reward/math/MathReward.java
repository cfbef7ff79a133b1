package org.sparklora.reward.math;

import java.util.List;
import java.util.Optional;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.AnswerReward;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.RewardInput;
import org.sparklora.reward.math.dialect.MathVerify;
import org.sparklora.reward.math.dialect.SoundJudge;
import org.sparklora.reward.math.dialect.VerifyConfig;
import org.sparklora.reward.math.extract.Answer;
import org.sparklora.reward.math.extract.AnswerExtraction;
import org.sparklora.reward.math.extract.BoxedAnswer;
import org.sparklora.reward.math.extract.ExtractionTarget;
import org.sparklora.reward.math.extract.ExtractionTarget.Boxed;
import org.sparklora.reward.math.extract.ExtractionTarget.Latex;
import org.sparklora.reward.math.extract.ExtractionTarget.Normalization;
import org.sparklora.reward.math.extract.Thinking;
import org.sparklora.reward.math.number.AlgebraLimit;

/**
 * 1 when a completion's final answer equals the solution, 0 when it does not, none when the
 * solution cannot be parsed: strips thinking, then finds, cleans, parses and compares the answer.
 *
 * <p>Thread-safe and bounded. A verdict depends on completion and solution alone, not on the
 * machine or its load: a comparison that needs more steps than an {@link AlgebraLimit} has is WRONG
 * with reason {@code budget exceeded}, since no reader would follow such an answer either. A CPU
 * clock guards against work that steps miss; a completion stopped by the clock is not judged.
 *
 * @param recipe finds solution and answer
 * @param dialect the rules that judge
 * @param budgetMillis CPU time after which a verdict within its steps is given up
 */
public record MathReward(Recipe recipe, Dialect dialect, long budgetMillis)
    implements AnswerReward {
  /** Default of the CPU clock: forty times the time of a verdict's steps. */
  public static final long DEFAULT_BUDGET_MILLIS = 60_000;

  /** The rules that judge. */
  public enum Dialect {
    /** The verdicts of Math-Verify 0.9.0, its quirks included. */
    MATH_VERIFY,
    /** A person's verdicts. */
    SOUND
  }

  /** How solution and answer are found: one recipe for each mathematical reward function. */
  public enum Recipe {
    /** The reward of TRL's guide: strips thinking; the solution is LaTeX. */
    STRIP_REASONING("strip_reasoning_accuracy_reward"),
    /** The solution is any text with mathematics. */
    ACCURACY("accuracy_reward"),
    /** The answer follows the last {@code </think>}; 0 without one. */
    REASONING("reasoning_accuracy_reward"),
    /** {@code STRIP_REASONING} with the solution after the last {@code ####}. */
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
          "Cannot judge within budget_millis = %s: it must be positive; 60000 is usual"
              .formatted(budgetMillis));
    }
  }

  /** The reward of TRL's guide with the default CPU limit. */
  public static MathReward of(Dialect dialect) {
    return new MathReward(Recipe.STRIP_REASONING, dialect, DEFAULT_BUDGET_MILLIS);
  }

  @Override
  public String name() {
    return recipe.rewardName();
  }

  @Override
  public Judgement judge(RewardInput completion) {
    return completion
        .solution()
        .map(solution -> judge(completion.text(), solution))
        .or(() -> unanswered(completion.text()))
        .orElseGet(() -> Judgement.unverifiable("no solution"));
  }

  /**
   * Judges one completion. Never throws because of the texts: if judging fails, even by a stack
   * overflow, the verdict is FAILED with a reason.
   */
  public Judgement judge(String completion, String solution) {
    return judge(completion, solution, AlgebraLimit.ofMillis(budgetMillis));
  }

  @Override
  public Optional<String> answer(String completion) {
    AlgebraLimit budget = AlgebraLimit.ofMillis(budgetMillis);
    try {
      return (dialect == Dialect.SOUND
              ? new SoundJudge(budget).answer(answerPart(completion))
              : extracted(completion, budget).words().stream()
                  .findFirst()
                  .map(word -> BoxedAnswer.extract(word, Boxed.LAST)))
          .filter(answer -> !answer.isBlank() && unanswered(completion).isEmpty());
    } catch (RuntimeException | StackOverflowError unreadable) {
      return Optional.empty();
    }
  }

  @Override
  public boolean gives(String completion, String answer) {
    // Solutions of the other recipes are texts, in which LaTeX has delimiters.
    String solution = isGuide() || dialect == Dialect.SOUND ? answer : "$" + answer + "$";
    return judge(completion, solution).verdict() == Verdict.CORRECT;
  }

  /** Judges one completion within the caller's budget, which counts the steps taken. */
  Judgement judge(String completion, String solution, AlgebraLimit budget) {
    try {
      return unanswered(completion).orElseGet(() -> judgeWithin(completion, solution, budget));
    } catch (AlgebraLimit.OutOfTime stopped) {
      return Judgement.of(Verdict.FAILED, stopped.getMessage(), "", "");
    } catch (RuntimeException | StackOverflowError failure) {
      return Judgement.failed(failure, "");
    }
  }

  /** The verdict on a completion without the part that the recipe reads, whatever the solution. */
  private Optional<Judgement> unanswered(String completion) {
    return recipe == Recipe.REASONING && !completion.contains(END_OF_THINKING)
        ? Optional.of(Judgement.of(Verdict.WRONG, "thinking does not end", "", ""))
        : Optional.empty();
  }

  private Judgement judgeWithin(String completion, String solution, AlgebraLimit budget) {
    // Both texts are scanned a few times before anything is found in them.
    budget.scan(4 * Math.min(Integer.MAX_VALUE / 8, completion.length() + solution.length()));
    String reference = solution;
    if (recipe == Recipe.GSM8K && solution.contains(GSM8K_ANSWER)) {
      int after = solution.lastIndexOf(GSM8K_ANSWER) + GSM8K_ANSWER.length();
      reference = solution.substring(after).strip();
    }
    return dialect == Dialect.SOUND
        ? new SoundJudge(budget).judge(answerPart(completion), reference)
        : judgeAsReference(completion, reference, budget);
  }

  private Judgement judgeAsReference(String completion, String solution, AlgebraLimit budget) {
    Answer gold =
        isGuide()
            ? extract("$" + solution + "$", LATEX_GOLD, false, budget)
            : extract(solution, ANY_GOLD, false, budget);
    if (gold.isEmpty()) {
      return Judgement.unverifiable("solution cannot be parsed");
    }
    Answer answer = extracted(completion, budget);
    if (answer.isEmpty()) {
      return Judgement.of(Verdict.WRONG, "no answer found", gold.describe(), "");
    }
    try {
      boolean same = MathVerify.verify(gold, answer, VerifyConfig.defaults(), budget);
      String reason =
          same
              ? "equal"
              : answer.expression().isPresent() ? "not equal" : "answer cannot be parsed";
      return Judgement.of(
          same ? Verdict.CORRECT : Verdict.WRONG, reason, gold.describe(), answer.describe());
    } catch (AlgebraLimit.Exceeded exceeded) {
      return Judgement.of(Verdict.WRONG, "budget exceeded", gold.describe(), answer.describe());
    }
  }

  private boolean isGuide() {
    return recipe == Recipe.STRIP_REASONING || recipe == Recipe.GSM8K;
  }

  private Answer extracted(String completion, AlgebraLimit budget) {
    return isGuide()
        ? extract(Thinking.strip(completion), UNBOXED_PREDICTION, true, budget)
        : extract(answerPart(completion), PREDICTION, true, budget);
  }

  private String answerPart(String completion) {
    int end = recipe == Recipe.REASONING ? completion.lastIndexOf(END_OF_THINKING) : -1;
    return end < 0 ? completion : completion.substring(end + END_OF_THINKING.length());
  }

  private static Answer extract(
      String text,
      List<? extends ExtractionTarget> targets,
      boolean firstMatchOnly,
      AlgebraLimit budget) {
    try {
      return AnswerExtraction.extract(text, targets, firstMatchOnly, budget);
    } catch (AlgebraLimit.Exceeded exceeded) {
      return Answer.NONE;
    }
  }
}
