package org.sparklora.reward;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * Judges a completion by several rewards; what the reward stage does with each row of a table.
 *
 * <p>Immutable, serialisable and thread-safe, as {@link Reward}s are.
 */
public final class Judge implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The verdict on a row without a completion. */
  static final String UNREADABLE = "unreadable";

  private final List<Reward> rewards;

  /**
   * @param rewards in the order of their columns
   */
  public Judge(List<Reward> rewards) {
    this.rewards = List.copyOf(rewards);
  }

  /**
   * What came of it.
   *
   * @param judgements one a reward
   * @param seconds it took
   */
  public record Result(List<Judgement> judgements, double seconds) implements Serializable {

    /** The first judgement that is a verdict, or the first. */
    public Judgement told() {
      return judgements.stream()
          .filter(judgement -> !judgement.verdict().equals("scored"))
          .findFirst()
          .orElse(judgements.get(0));
    }
  }

  /** Judges; a completion that is missing is left unjudged, and says so. */
  public Result judge(Optional<Completion> completion) {
    long start = System.nanoTime();
    List<Judgement> judgements =
        rewards.stream()
            .map(
                reward ->
                    completion
                        .map(reward::judge)
                        .orElseGet(
                            () ->
                                new Judgement(
                                    Double.NaN, UNREADABLE, "no completion in the row", "", "")))
            .toList();
    return new Result(judgements, (System.nanoTime() - start) / 1e9);
  }
}
