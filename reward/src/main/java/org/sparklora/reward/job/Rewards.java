package org.sparklora.reward.job;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Nearest;
import org.sparklora.reward.Reward;
import org.sparklora.reward.format.ExactMatch;
import org.sparklora.reward.format.OverlongPunishment;
import org.sparklora.reward.format.ThinkFormat;
import org.sparklora.reward.math.MathReward;
import org.sparklora.reward.math.MathReward.Dialect;
import org.sparklora.reward.math.MathReward.Recipe;

/** Finds rewards by name: a built-in one, most under TRL's names, or a class of the user's. */
public final class Rewards {
  /** The reward of TRL's guide: strips thinking, then takes Math-Verify's verdict. */
  public static final String DEFAULT = Recipe.STRIP_REASONING.rewardName();

  private static final String OVERLONG = "get_soft_overlong_punishment";

  private Rewards() {}

  /**
   * The reward of a name, with the parameters of {@link RewardConfig.Functions}.
   *
   * @throws ConfigException if the name is neither a built-in reward's nor a usable class's
   */
  public static Reward named(
      String name, Dialect dialect, long budgetMillis, OverlongPunishment punishment) {
    Optional<Recipe> recipe =
        Arrays.stream(Recipe.values()).filter(r -> r.rewardName().equals(name)).findFirst();
    if (recipe.isPresent()) {
      return new MathReward(recipe.get(), dialect, budgetMillis);
    }
    return switch (name) {
      case ThinkFormat.NAME -> new ThinkFormat();
      case ExactMatch.NAME -> new ExactMatch();
      case OVERLONG -> punishment;
      default -> ofClass(name);
    };
  }

  private static Reward ofClass(String name) {
    try {
      ClassLoader loader = Thread.currentThread().getContextClassLoader();
      Class<?> found = Class.forName(name, true, loader);
      if (!Reward.class.isAssignableFrom(found)) {
        throw unusable(name, "the class does not implement " + Reward.class.getName());
      }
      return (Reward) found.getDeclaredConstructor().newInstance();
    } catch (ClassNotFoundException missing) {
      List<String> known = new ArrayList<>();
      Arrays.stream(Recipe.values()).map(Recipe::rewardName).forEach(known::add);
      known.addAll(List.of(ThinkFormat.NAME, ExactMatch.NAME, OVERLONG));
      throw unusable(
          name,
          Nearest.of(name, known).map("did you mean %s? "::formatted).orElse("")
              + "it is none of %s, and no class of that name is on the class path; ship yours with --jars"
                  .formatted(String.join(", ", known)));
    } catch (InvocationTargetException failed) {
      Throwable own = failed.getTargetException();
      throw unusable(name, "its constructor failed: " + own, own);
    } catch (ExceptionInInitializerError failed) {
      throw failed; // an exception of the reward's own code, such as a full disk, is rethrown
    } catch (LinkageError broken) {
      throw unusable(
          name,
          "the class cannot be loaded (%s); compile it with --release 17, and name the jars it needs in --jars"
              .formatted(broken),
          broken);
    } catch (ReflectiveOperationException broken) {
      throw unusable(
          name, "the class needs a public constructor without parameters: " + broken, broken);
    }
  }

  private static ConfigException unusable(String name, String why) {
    return new ConfigException(Flags.REWARD_FUNCS, name, why);
  }

  private static ConfigException unusable(String name, String why, Throwable cause) {
    return (ConfigException) unusable(name, why).initCause(cause);
  }
}
