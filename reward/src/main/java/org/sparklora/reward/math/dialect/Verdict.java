package org.sparklora.reward.math.dialect;

import java.io.Serializable;
import java.util.Optional;

/**
 * What a judge says of one completion.
 *
 * @param outcome correct, wrong, unverifiable (the example is to be skipped), or failed (judging it
 *     ran into something like a full stack; the completion is to be skipped)
 * @param reason why, in a few fixed words that can be counted
 * @param goldParsed what was understood of the solution, for people to read
 * @param answerParsed what was understood of the completion, for people to read
 */
public record Verdict(Outcome outcome, String reason, String goldParsed, String answerParsed)
    implements Serializable {

  /** The verdicts. */
  public enum Outcome {
    CORRECT,
    WRONG,
    UNVERIFIABLE,
    FAILED
  }

  /** The reason of a verdict that failed: the kind of failure alone, so that it can be counted. */
  public static String failed(Throwable failure) {
    return "judging failed: " + failure.getClass().getSimpleName();
  }

  /** 1, 0, or empty when the completion is to be skipped. */
  public Optional<Double> reward() {
    return switch (outcome) {
      case CORRECT -> Optional.of(1.0);
      case WRONG -> Optional.of(0.0);
      case UNVERIFIABLE, FAILED -> Optional.empty();
    };
  }
}
