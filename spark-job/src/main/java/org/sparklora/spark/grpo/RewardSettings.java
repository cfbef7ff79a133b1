package org.sparklora.spark.grpo;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Scaling;
import org.sparklora.reward.format.OverlongPunishment;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.reward.job.SelectConfig;
import org.sparklora.reward.math.MathReward.Dialect;

/** Reads the settings of rewards and advantages. */
public final class RewardSettings {
  private RewardSettings() {}

  /** The settings of {@code reward}; the rewards {@code given} are computed elsewhere. */
  public static RewardConfig of(Settings settings, Set<String> given) {
    ConfigException.require(
        settings.find(Flags.OUTPUT_TABLE).isEmpty()
            || settings.get(Flags.OUTPUT_FORMAT, RewardConfig.Format.class)
                == RewardConfig.Format.PARQUET,
        Flags.OUTPUT_TABLE,
        settings.text(Flags.OUTPUT_TABLE),
        "a table is made of Parquet; leave --output_format out");
    return new RewardConfig(tables(settings), functions(settings, given), advantages(settings));
  }

  private static RewardConfig.Tables tables(Settings settings) {
    return new RewardConfig.Tables(
        settings.get(Flags.INPUT),
        settings.get(Flags.OUTPUT_DIR),
        settings.get(Flags.OUTPUT_FORMAT, RewardConfig.Format.class),
        settings.get(Flags.OVERWRITE_OUTPUT_DIR),
        settings.find(Flags.NUM_GENERATIONS).orElse(0));
  }

  /** The settings of {@code select}. */
  public static SelectConfig select(Settings settings) {
    return new SelectConfig(
        tables(settings),
        settings.get(Flags.TASK, SelectConfig.Task.class),
        new SelectConfig.PassRates(
            settings.get(Flags.MIN_PASS_RATE), settings.get(Flags.MAX_PASS_RATE)),
        settings.get(Flags.KEEP, SelectConfig.Keep.class),
        settings.get(Flags.MAX_COMPLETIONS_PER_PROMPT),
        new SelectConfig.Correct(
            settings.find(Flags.MIN_REWARD).orElse(Double.NaN),
            settings.get(Flags.MAJORITY_VOTE),
            settings.get(Flags.REWARD_DIALECT, Dialect.class)));
  }

  /** The reward functions and their weights; an external judge computes those {@code given}. */
  public static RewardConfig.Functions functions(Settings settings, Set<String> given) {
    List<String> names = settings.get(Flags.REWARD_FUNCS);
    List<Double> weights =
        settings.find(Flags.REWARD_WEIGHTS).orElseGet(() -> Collections.nCopies(names.size(), 1.0));
    RewardConfig.Functions functions =
        new RewardConfig.Functions(
            names,
            weights,
            settings.get(Flags.REWARD_DIALECT, Dialect.class),
            Math.round(settings.get(Flags.REWARD_BUDGET_SECONDS) * 1e3),
            OverlongPunishment.ofTrlScript(),
            given);
    functions.rewards(); // refuses an unknown name now, not after generation
    return functions;
  }

  /** How rewards become advantages. */
  public static GroupAdvantage advantages(Settings settings) {
    return new GroupAdvantage(
        scaling(settings), settings.get(Flags.MULTI_OBJECTIVE_AGGREGATION, Aggregation.class));
  }

  /** TRL's names; its older boolean, in any spelling of YAML, stands for group or none. */
  private static Scaling scaling(Settings settings) {
    String word = settings.get(Flags.SCALE_REWARDS).toLowerCase(Locale.ROOT);
    return switch (word) {
      case "group", "true", "yes", "on" -> Scaling.GROUP;
      case "batch" -> Scaling.BATCH;
      case "none", "false", "no", "off" -> Scaling.NONE;
      default -> throw new ConfigException(Flags.SCALE_REWARDS, word, "use group, batch or none");
    };
  }
}
