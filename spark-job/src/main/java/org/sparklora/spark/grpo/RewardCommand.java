package org.sparklora.spark.grpo;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Scaling;
import org.sparklora.reward.RewardConfig;
import org.sparklora.reward.RewardJob;
import org.sparklora.reward.RewardSummary;
import org.sparklora.reward.format.OverlongPunishment;
import org.sparklora.reward.math.MathReward.Dialect;
import org.sparklora.spark.SparkSessions;

/** {@code reward}: judges a table of generations, and prints the summary it writes beside it. */
public final class RewardCommand {
  private RewardCommand() {}

  /** Runs the command; the table appears only when it is complete. */
  public static void run(Settings settings) {
    RewardConfig config = config(settings);
    try (SparkSession spark = SparkSessions.open(settings)) {
      RewardSummary summary = RewardJob.run(spark, config);
      System.out.println(summary.toJson());
    }
  }

  private static RewardConfig config(Settings settings) {
    return new RewardConfig(
        new RewardConfig.Tables(
            settings.requiredText("input"),
            settings.requiredText("output_dir"),
            settings.oneOf("output_format", RewardConfig.Format.class),
            settings.isOn("overwrite_output_dir"),
            settings.optionalInteger("num_generations").orElse(0)),
        functions(settings),
        advantages(settings));
  }

  static RewardConfig.Functions functions(Settings settings) {
    List<String> names = settings.values("reward_funcs");
    List<Double> weights =
        settings.isGiven("reward_weights")
            ? settings.values("reward_weights").stream().map(RewardCommand::weight).toList()
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

  static RewardConfig.Advantages advantages(Settings settings) {
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
  static Scaling scaling(Settings settings) {
    return switch (settings.requiredText("scale_rewards").toLowerCase(Locale.ROOT)) {
      case "true" -> Scaling.GROUP;
      case "false" -> Scaling.NONE;
      default -> settings.oneOf("scale_rewards", Scaling.class);
    };
  }
}
