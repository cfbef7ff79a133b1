package org.sparklora.reward;

import java.io.Serializable;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Scaling;
import org.sparklora.reward.format.OverlongPunishment;
import org.sparklora.reward.math.MathReward;
import org.sparklora.reward.math.MathReward.Dialect;

/**
 * The settings of the reward stage.
 *
 * @param input a Parquet folder, or a {@code .jsonl} or {@code .json} file or a folder of those
 * @param outputDir where the scored table goes
 * @param rewardFuncs names for {@link Rewards#named}
 * @param rewardWeights one for each of {@code rewardFuncs}
 * @param numGenerations completions a prompt, {@code G}: needed when the table has no {@code
 *     prompt_id}; 0 when it has one
 * @param outputFormat parquet or jsonl
 * @param overwrite whether results that are there are replaced
 * @param budgetMillis how long one mathematical verdict may take
 */
public record RewardConfig(
    String input,
    String outputDir,
    List<String> rewardFuncs,
    List<Double> rewardWeights,
    Scaling scaleRewards,
    Aggregation aggregation,
    Dialect dialect,
    int numGenerations,
    String outputFormat,
    boolean overwrite,
    long budgetMillis,
    OverlongLengths overlong)
    implements Serializable {

  /** The lengths of {@code get_soft_overlong_punishment}. */
  public record OverlongLengths(int maxCompletionLen, int softPunishCache)
      implements Serializable {}

  public RewardConfig {
    ConfigException.require(!input.isBlank(), "input", input, "name the table of generations");
    ConfigException.require(
        !rewardFuncs.isEmpty(),
        "reward_funcs",
        rewardFuncs,
        "name at least one; " + Rewards.DEFAULT + " is the guide's");
    ConfigException.require(
        rewardWeights.size() == rewardFuncs.size(),
        "reward_weights",
        rewardWeights,
        "give one number for each of --reward_funcs " + rewardFuncs);
    ConfigException.require(
        numGenerations >= 0, "num_generations", numGenerations, "it must be positive, or left out");
    ConfigException.require(
        Set.of("parquet", "jsonl").contains(outputFormat),
        "output_format",
        outputFormat,
        "it is parquet or jsonl");
    ConfigException.require(
        budgetMillis > 0,
        "reward_budget_millis",
        budgetMillis,
        "it must be positive; 1000 is usual");
    rewardFuncs = List.copyOf(rewardFuncs);
    rewardWeights = List.copyOf(rewardWeights);
  }

  /** The guide's reward, TRL's scaling, Parquet out. */
  public static RewardConfig defaults(String input, String outputDir) {
    return new RewardConfig(
        input,
        outputDir,
        List.of(Rewards.DEFAULT),
        List.of(1.0),
        Scaling.GROUP,
        Aggregation.SUM_THEN_NORMALIZE,
        Dialect.MATH_VERIFY,
        0,
        "parquet",
        false,
        MathReward.DEFAULT_BUDGET_MILLIS,
        new OverlongLengths(512, 128));
  }

  /** Completions a prompt, when set. */
  public OptionalInt groupSize() {
    return numGenerations > 0 ? OptionalInt.of(numGenerations) : OptionalInt.empty();
  }

  /** The rewards that the names stand for. */
  public List<Reward> rewards() {
    OverlongPunishment punishment =
        new OverlongPunishment(overlong.maxCompletionLen(), overlong.softPunishCache());
    return rewardFuncs.stream()
        .map(name -> Rewards.named(name, dialect, budgetMillis, punishment))
        .toList();
  }

  double[] weights() {
    return rewardWeights.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
