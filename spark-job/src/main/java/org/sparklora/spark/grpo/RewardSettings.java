package org.sparklora.spark.grpo;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Scaling;
import org.sparklora.reward.format.OverlongPunishment;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.reward.math.MathReward.Dialect;

/** What judges completions, of a user's settings. */
public final class RewardSettings {
  private RewardSettings() {}

  /** Which rewards judge, and what they weigh. */
  public static RewardConfig.Functions functions(Settings settings) {
    List<String> names = settings.values("reward_funcs");
    List<Double> weights =
        settings.isGiven("reward_weights")
            ? settings.values("reward_weights").stream().map(RewardSettings::weight).toList()
            : Collections.nCopies(names.size(), 1.0);
    RewardConfig.Functions functions =
        new RewardConfig.Functions(
            names,
            weights,
            settings.oneOf("reward_dialect", Dialect.class),
            Math.round(settings.number("reward_budget_seconds") * 1e3),
            OverlongPunishment.ofTrlScript());
    functions.rewards(); // a name that stands for none is refused now, not after generation
    return functions;
  }

  /** How rewards become advantages. */
  public static RewardConfig.Advantages advantages(Settings settings) {
    return new RewardConfig.Advantages(
        scaling(settings), settings.oneOf("multi_objective_aggregation", Aggregation.class));
  }

  private static double weight(String text) {
    try {
      double weight = Double.parseDouble(text);
      if (Double.isFinite(weight)) {
        return weight;
      }
    } catch (NumberFormatException e) {
      // refused below
    }
    throw new ConfigException("reward_weights", text, "a number is expected for each reward");
  }

  /** TRL's words; its older switch says group or none. */
  private static Scaling scaling(Settings settings) {
    return switch (settings.requiredText("scale_rewards").toLowerCase(Locale.ROOT)) {
      case "true" -> Scaling.GROUP;
      case "false" -> Scaling.NONE;
      default -> settings.oneOf("scale_rewards", Scaling.class);
    };
  }
}
