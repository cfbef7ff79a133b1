package org.sparklora.spark.grpo;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
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
    return functions(settings, Set.of());
  }

  /**
   * The same where some are computed by something else.
   *
   * @param given their names; each stands among the others
   */
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
    functions.rewards(); // a name that stands for none is refused now, not after generation
    return functions;
  }

  /** How rewards become advantages. */
  public static RewardConfig.Advantages advantages(Settings settings) {
    return new RewardConfig.Advantages(
        scaling(settings), settings.get(Flags.MULTI_OBJECTIVE_AGGREGATION, Aggregation.class));
  }

  /** TRL's words; its older switch says group or none. */
  private static Scaling scaling(Settings settings) {
    String word = settings.get(Flags.SCALE_REWARDS).toLowerCase(Locale.ROOT);
    return switch (word) {
      case "true" -> Scaling.GROUP;
      case "false" -> Scaling.NONE;
      default ->
          Arrays.stream(Scaling.values())
              .filter(scaling -> scaling.name().toLowerCase(Locale.ROOT).equals(word))
              .findFirst()
              .orElseThrow(
                  () -> new ConfigException(Flags.SCALE_REWARDS, word, "use group, batch or none"));
    };
  }
}
