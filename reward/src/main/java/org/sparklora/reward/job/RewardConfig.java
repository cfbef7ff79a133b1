package org.sparklora.reward.job;

import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.reward.GivenReward;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Scaling;
import org.sparklora.reward.Reward;
import org.sparklora.reward.format.OverlongPunishment;
import org.sparklora.reward.math.MathReward;
import org.sparklora.reward.math.MathReward.Dialect;

/** The settings of the reward stage. */
public record RewardConfig(Tables tables, Functions functions, Advantages advantages)
    implements Serializable {

  /** How the scored table is written. */
  public enum Format {
    PARQUET,
    JSONL
  }

  /**
   * What is read and written.
   *
   * @param input a Parquet folder, or a {@code .jsonl} or {@code .json} file or a folder of those
   * @param outputDir where the scored table goes
   * @param overwrite whether existing results are replaced
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
   * What judges.
   *
   * @param names for {@link Rewards#named}
   * @param weights one for each of {@code names}
   * @param dialect which rules judge mathematics
   * @param budgetMillis of CPU time after which a mathematical verdict is given up, see {@link
   *     MathReward}
   * @param overlong the lengths of {@code get_soft_overlong_punishment}
   * @param given those of {@code names} that something else computes, see {@link GivenReward}
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

    /** Functions that are all computed here. */
    public Functions(
        List<String> names,
        List<Double> weights,
        Dialect dialect,
        long budgetMillis,
        OverlongPunishment overlong) {
      this(names, weights, dialect, budgetMillis, overlong, Set.of());
    }

    /** These functions, each counting once, with the usual dialect, budget and lengths. */
    public static Functions of(String... names) {
      return new Functions(
          List.of(names),
          Collections.nCopies(names.length, 1.0),
          Dialect.MATH_VERIFY,
          MathReward.DEFAULT_BUDGET_MILLIS,
          OverlongPunishment.ofTrlScript());
    }

    /** The rewards that the names stand for. */
    public List<Reward> rewards() {
      return names.stream()
          .map(
              name ->
                  given.contains(name)
                      ? new GivenReward(name)
                      : Rewards.named(name, dialect, budgetMillis, overlong))
          .toList();
    }

    /**
     * Refuses a reward that compares answers with solutions if there are none.
     *
     * @param lack what has none, and what to do
     */
    public void requireSolutions(boolean given, String lack) {
      rewards().stream()
          .filter(MathReward.class::isInstance)
          .forEach(
              reward ->
                  ConfigException.require(
                      given,
                      Flags.REWARD_FUNCS,
                      reward.name(),
                      "it compares answers with solutions, and " + lack));
    }

    /** The weights in the order of the names. */
    public double[] weightArray() {
      return weights.stream().mapToDouble(Double::doubleValue).toArray();
    }
  }

  /** How rewards become advantages. */
  public record Advantages(Scaling scaling, Aggregation aggregation) implements Serializable {
    /** TRL's defaults. */
    public static Advantages defaults() {
      return new Advantages(Scaling.GROUP, Aggregation.SUM_THEN_NORMALIZE);
    }
  }

  /** The guide's reward, TRL's scaling, Parquet out. */
  public static RewardConfig defaults(String input, String outputDir) {
    return new RewardConfig(
        new Tables(input, outputDir, Format.PARQUET, false, 0),
        Functions.of(Rewards.DEFAULT),
        Advantages.defaults());
  }
}
