package org.sparklora.reward;

import java.io.Serializable;
import java.util.Objects;
import org.sparklora.pipeline.table.Verdict;

/**
 * A reward's judgement of one completion.
 *
 * @param reward the reward, not infinite; NaN if the completion cannot be judged and is left out of
 *     its group
 * @param verdict whether the answer is right, or why that is unknown
 * @param reason in a few fixed words, so that reasons can be counted
 * @param goldParsed the parsed solution; may be empty
 * @param answerParsed the parsed answer of the completion; may be empty
 */
public record Judgement(
    double reward, Verdict verdict, String reason, String goldParsed, String answerParsed)
    implements Serializable {

  public Judgement {
    Objects.requireNonNull(verdict, "the verdict is null");
    Objects.requireNonNull(reason, "the reason is null");
    Objects.requireNonNull(goldParsed, "the parsed solution is null; it may be empty");
    Objects.requireNonNull(answerParsed, "the parsed answer is null; it may be empty");
    if (Double.isInfinite(reward)) {
      throw new IllegalArgumentException(
          "Cannot use the reward %s: it must be finite, or NaN if the completion cannot be judged"
              .formatted(reward));
    }
  }

  /** A reward that needs no explanation. */
  public static Judgement scored(double reward, String reason) {
    return new Judgement(reward, Verdict.SCORED, reason, "", "");
  }

  /** No reward: the completion is left out of its group. */
  public static Judgement unverifiable(String reason) {
    return of(Verdict.UNVERIFIABLE, reason, "", "");
  }

  /** 1 for a correct completion, 0 for a wrong one, NaN for any other verdict. */
  public static Judgement of(
      Verdict verdict, String reason, String goldParsed, String answerParsed) {
    double reward =
        switch (verdict) {
          case CORRECT -> 1;
          case WRONG -> 0;
          default -> Double.NaN;
        };
    return new Judgement(reward, verdict, reason, goldParsed, answerParsed);
  }

  /**
   * No reward, because judging failed. The reason is only the kind of failure, so that it can be
   * counted.
   *
   * @param message further details of the failure; may be empty
   */
  public static Judgement failed(Throwable failure, String message) {
    String reason = "judging failed: " + failure.getClass().getSimpleName();
    return of(Verdict.FAILED, reason, "", message);
  }

  /** Whether the completion was judged. */
  public boolean isJudged() {
    return !Double.isNaN(reward);
  }
}
