package org.sparklora.reward;

import java.lang.reflect.InvocationTargetException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.reward.format.OverlongPunishment;
import org.sparklora.reward.format.ThinkFormat;
import org.sparklora.reward.math.MathReward.Dialect;
import org.sparklora.reward.math.MathReward.Recipe;

/** The rewards by the names TRL gives them; any other name is a class. */
public final class Rewards {
  /** The guide's reward: thinking cut away, Math-Verify's verdict on the rest. */
  public static final String DEFAULT = "strip_reasoning_accuracy_reward";

  private static final Map<String, Recipe> ACCURACY = new LinkedHashMap<>();

  static {
    ACCURACY.put(DEFAULT, Recipe.STRIP_REASONING);
    ACCURACY.put("accuracy_reward", Recipe.ACCURACY);
    ACCURACY.put("reasoning_accuracy_reward", Recipe.REASONING);
    ACCURACY.put("gsm8k_reward", Recipe.GSM8K);
  }

  private Rewards() {}

  /**
   * The reward of a name.
   *
   * @param dialect which rules judge mathematics
   * @param budgetMillis how long one verdict may take
   * @param punishment the lengths of {@code get_soft_overlong_punishment}
   */
  public static Reward named(
      String name, Dialect dialect, long budgetMillis, OverlongPunishment punishment) {
    Recipe recipe = ACCURACY.get(name);
    if (recipe != null) {
      return new MathAccuracyReward(name, recipe, dialect, budgetMillis);
    }
    return switch (name) {
      case "think_format_reward" -> new ThinkFormatReward();
      case "get_soft_overlong_punishment" -> new OverlongReward(punishment);
      default -> ofClass(name);
    };
  }

  /** Whether the reward of that name compares an answer with the solution. */
  static boolean compares(String name) {
    return ACCURACY.containsKey(name);
  }

  private static Reward ofClass(String name) {
    try {
      ClassLoader loader = Thread.currentThread().getContextClassLoader();
      Class<?> found = Class.forName(name, true, loader);
      if (!Reward.class.isAssignableFrom(found)) {
        throw new ConfigException(
            "reward_funcs", name, "the class does not implement " + Reward.class.getName());
      }
      return (Reward) found.getDeclaredConstructor().newInstance();
    } catch (ClassNotFoundException missing) {
      throw new ConfigException(
          "reward_funcs",
          name,
          "it is none of %s, think_format_reward, get_soft_overlong_punishment, and no class of that name is on the class path; ship yours with --jars"
              .formatted(String.join(", ", ACCURACY.keySet())));
    } catch (InvocationTargetException failed) {
      throw new ConfigException(
          "reward_funcs", name, "its constructor failed: " + failed.getTargetException());
    } catch (ExceptionInInitializerError failed) {
      throw failed; // what its own code came upon, such as a full disk, is said as it is
    } catch (LinkageError broken) {
      throw new ConfigException(
          "reward_funcs",
          name,
          "the class cannot be loaded (%s); compile it with --release 17, and name the jars it needs in --jars"
              .formatted(broken));
    } catch (ReflectiveOperationException broken) {
      throw new ConfigException(
          "reward_funcs",
          name,
          "the class needs a public constructor without parameters: " + broken);
    }
  }

  /** 1 for a completion that thinks in tags first. */
  private record ThinkFormatReward() implements Reward {
    @Override
    public String name() {
      return "think_format_reward";
    }

    @Override
    public Judgement judge(Completion completion) {
      boolean holds = ThinkFormat.holds(completion.text());
      return Judgement.scored(holds ? 1 : 0, holds ? "thinks in tags" : "does not think in tags");
    }
  }

  /** DAPO's penalty for length. */
  private record OverlongReward(OverlongPunishment punishment) implements Reward {
    @Override
    public String name() {
      return "soft_overlong_punishment_reward";
    }

    @Override
    public Judgement judge(Completion completion) {
      if (completion.tokens().isEmpty()) {
        return Judgement.unverifiable("no token count");
      }
      double reward = punishment.of(completion.tokens().getAsInt());
      return Judgement.scored(reward, reward < 0 ? "too long" : "not too long");
    }
  }
}
