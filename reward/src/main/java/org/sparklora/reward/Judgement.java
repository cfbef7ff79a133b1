package org.sparklora.reward;

import java.io.Serializable;
import org.sparklora.reward.math.dialect.Verdict;

/**
 * What a reward says of one completion.
 *
 * @param reward the reward; NaN when the completion cannot be judged and is to be left out
 * @param verdict one word: correct, wrong, unverifiable, failed where the reward threw something,
 *     or scored for rewards that are no verdicts
 * @param reason why, in few fixed words, so that reasons can be counted
 * @param goldParsed what was understood of the solution; may be empty
 * @param answerParsed what was understood of the completion; may be empty
 */
public record Judgement(
    double reward, String verdict, String reason, String goldParsed, String answerParsed)
    implements Serializable {

  /** A reward that needs no explanation. */
  public static Judgement scored(double reward, String reason) {
    return new Judgement(reward, "scored", reason, "", "");
  }

  /** No reward: the completion is left out of its group. */
  public static Judgement unverifiable(String reason) {
    return new Judgement(Double.NaN, "unverifiable", reason, "", "");
  }

  /** A verdict of the mathematical judge. */
  public static Judgement of(Verdict verdict) {
    return new Judgement(
        verdict.reward().orElse(Double.NaN),
        switch (verdict.outcome()) {
          case CORRECT -> "correct";
          case WRONG -> "wrong";
          case UNVERIFIABLE -> "unverifiable";
          case FAILED -> "failed";
        },
        verdict.reason(),
        verdict.goldParsed(),
        verdict.answerParsed());
  }

  /** Whether the completion was judged at all. */
  public boolean isJudged() {
    return !Double.isNaN(reward);
  }
}
