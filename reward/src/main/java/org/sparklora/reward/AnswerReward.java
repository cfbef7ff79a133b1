package org.sparklora.reward;

import java.util.Optional;

/** A reward that finds a completion's final answer and compares it with the solution. */
public interface AnswerReward extends Reward {

  /** The text of a completion's final answer; empty if there is none that can be read. */
  Optional<String> answer(String completion);

  /** Whether a completion's final answer equals this {@link #answer} of another completion. */
  default boolean gives(String completion, String answer) {
    return answer(completion).filter(answer::equals).isPresent();
  }
}
