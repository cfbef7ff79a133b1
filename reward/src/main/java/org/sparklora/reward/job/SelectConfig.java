package org.sparklora.reward.job;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.reward.math.MathReward.Dialect;

/** Settings of {@code select}, which makes a dataset of the judged completions in a table. */
public record SelectConfig(
    RewardConfig.Tables tables,
    Task task,
    PassRates passRates,
    Keep keep,
    int completionsPerPrompt,
    Correct correct)
    implements Serializable {

  /** The kind of dataset: completions to learn from, or prompts. */
  public enum Task {
    SFT,
    GRPO
  }

  /** The order in which a prompt's correct completions are kept. */
  public enum Keep {
    /** The table's order. */
    FIRST,
    /** The largest reward first. */
    BEST,
    /** The fewest tokens first, of tables without tokens the fewest characters. */
    SHORTEST
  }

  /** The pass rates of prompts to keep, both ends included. */
  public record PassRates(double least, double most) implements Serializable {
    public PassRates {
      ConfigException.require(
          least <= most,
          Flags.MIN_PASS_RATE,
          least,
          "it must be at most --%s, which is %s".formatted(Flags.MAX_PASS_RATE, most));
    }
  }

  /**
   * The rule for correct completions: the verdict, unless one of these is set.
   *
   * @param leastReward of a correct completion; NaN: unset
   * @param majorityVote of a prompt without a solution, completions with the most frequent answer,
   *     compared by the rules of {@code dialect}, are correct
   */
  public record Correct(double leastReward, boolean majorityVote, Dialect dialect)
      implements Serializable {
    boolean byReward() {
      return !Double.isNaN(leastReward);
    }
  }

  /** The settings that decide the result, under the user's names. */
  Map<String, Object> settings() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put(Flags.INPUT.name(), tables.input());
    tables.groupSize().ifPresent(size -> settings.put(Flags.NUM_GENERATIONS.name(), size));
    settings.put(Flags.TASK.name(), word(task));
    settings.put(Flags.MIN_PASS_RATE.name(), passRates.least());
    settings.put(Flags.MAX_PASS_RATE.name(), passRates.most());
    settings.put(Flags.KEEP.name(), word(keep));
    settings.put(Flags.MAX_COMPLETIONS_PER_PROMPT.name(), completionsPerPrompt);
    if (correct.byReward()) {
      settings.put(Flags.MIN_REWARD.name(), correct.leastReward());
    }
    settings.put(Flags.MAJORITY_VOTE.name(), correct.majorityVote());
    settings.put(Flags.REWARD_DIALECT.name(), word(correct.dialect()));
    return settings;
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
