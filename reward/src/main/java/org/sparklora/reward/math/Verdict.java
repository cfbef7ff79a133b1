package org.sparklora.reward.math;

import java.io.Serializable;
import java.util.Optional;

/**
 * What a judge says of one completion.
 *
 * @param outcome correct, wrong, or unverifiable (the example is to be skipped)
 * @param reason why, in a few fixed words that can be counted
 * @param goldParsed what was understood of the solution, for people to read
 * @param answerParsed what was understood of the completion, for people to read
 */
public record Verdict(Outcome outcome, String reason, String goldParsed, String answerParsed)
    implements Serializable {

  /** The three verdicts. */
  public enum Outcome {
    CORRECT,
    WRONG,
    UNVERIFIABLE
  }

  /** 1, 0, or empty when the example is to be skipped. */
  public Optional<Double> reward() {
    return switch (outcome) {
      case CORRECT -> Optional.of(1.0);
      case WRONG -> Optional.of(0.0);
      case UNVERIFIABLE -> Optional.empty();
    };
  }
}
