package org.sparklora.reward.job;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.reward.AnswerReward;
import org.sparklora.reward.GivenReward;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.Reward;
import org.sparklora.reward.format.OverlongPunishment;
import org.sparklora.reward.math.MathReward;
import org.sparklora.reward.math.MathReward.Dialect;

/** The settings of the reward stage. */
public record RewardConfig(Tables tables, Functions functions, GroupAdvantage advantages)
    implements Serializable {

  /** How the scored table is written. */
  public enum Format {
    PARQUET,
    JSONL
  }

  /**
   * Input and output.
   *
   * @param input a Parquet folder, or JSON lines at a path ending in {@code .jsonl}, {@code .json}
   * @param numGenerations completions a prompt, {@code G}: needed when the table has no {@code
   *     prompt_id}; 0 when it has one
   */
  public record Tables(
      String input, String outputDir, Format format, boolean overwrite, int numGenerations)
      implements Serializable {
    /** Completions a prompt, when set. */
    public OptionalInt groupSize() {
      return numGenerations > 0 ? OptionalInt.of(numGenerations) : OptionalInt.empty();
    }
  }

  /**
   * The rewards, by names for {@link Rewards#named}, with their weights and parameters.
   *
   * @param budgetMillis CPU time after which a mathematical verdict is given up, see {@link
   *     MathReward}
   * @param given the {@code names} that are computed elsewhere, see {@link GivenReward}
   */
  public record Functions(
      List<String> names,
      List<Double> weights,
      Dialect dialect,
      long budgetMillis,
      OverlongPunishment overlong,
      Set<String> given)
      implements Serializable {
    public Functions {
      ConfigException.require(
          !names.isEmpty(),
          Flags.REWARD_FUNCS,
          names,
          "name at least one; " + Rewards.DEFAULT + " is the guide's");
      ConfigException.require(
          names.stream().distinct().count() == names.size(),
          Flags.REWARD_FUNCS,
          String.join(" ", names),
          "name each once; --reward_weights says how much it counts");
      ConfigException.require(
          weights.size() == names.size(),
          Flags.REWARD_WEIGHTS,
          weights,
          "give one number for each of --reward_funcs " + String.join(" ", names));
      names = List.copyOf(names);
      weights = List.copyOf(weights);
      given = Set.copyOf(given);
    }

    /** The rewards; throws {@link ConfigException} if one cannot be used, or two have one name. */
    public List<Reward> rewards() {
      List<Reward> rewards = new ArrayList<>();
      for (String name : names) {
        Reward reward =
            given.contains(name)
                ? new GivenReward(name)
                : Rewards.named(name, dialect, budgetMillis, overlong);
        ConfigException.require(
            rewards.stream().noneMatch(other -> other.name().equals(reward.name())),
            Flags.REWARD_FUNCS,
            name,
            "another reward has the name %s too, which names its column; return another name from name() of one of them"
                .formatted(reward.name()));
        rewards.add(reward);
      }
      return List.copyOf(rewards);
    }

    /**
     * Refuses a reward that compares with solutions if {@code given} is false.
     *
     * @param lack the rest of the message: the input without solutions, and the remedy
     */
    public void requireSolutions(boolean given, String lack) {
      for (Reward reward : rewards()) {
        ConfigException.require(
            given || !(reward instanceof AnswerReward),
            Flags.REWARD_FUNCS,
            reward.name(),
            "it compares answers with solutions, and " + lack);
      }
    }

    /** The reward that groups completions by their answers: the first that finds answers. */
    public AnswerReward votes() {
      return rewards().stream()
          .filter(AnswerReward.class::isInstance)
          .map(AnswerReward.class::cast)
          .findFirst()
          .orElseGet(() -> MathReward.of(dialect));
    }

    /** The weights in the order of the names. */
    public double[] weightArray() {
      return weights.stream().mapToDouble(Double::doubleValue).toArray();
    }
  }
}
