package org.sparklora.reward;

import org.sparklora.reward.math.MathReward;
import org.sparklora.reward.math.MathReward.Dialect;
import org.sparklora.reward.math.MathReward.Recipe;

/**
 * 1 when a completion's final answer equals the solution, 0 when it does not, nothing when the
 * solution cannot be parsed. The {@link Recipe} says how solution and answer are found.
 *
 * <p>Thread-safe.
 */
final class MathAccuracyReward implements Reward {
  private static final long serialVersionUID = 1L;

  private final String name;
  private final Recipe recipe;
  private final Dialect dialect;
  private final long budgetMillis;
  // Rebuilt on each executor: the judge holds nothing but these settings.
  private transient volatile MathReward judge;

  MathAccuracyReward(String name, Recipe recipe, Dialect dialect, long budgetMillis) {
    this.name = name;
    this.recipe = recipe;
    this.dialect = dialect;
    this.budgetMillis = budgetMillis;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Judgement judge(Completion completion) {
    if (completion.solution().isEmpty()) {
      return Judgement.unverifiable("no solution");
    }
    return Judgement.of(judge().judge(completion.text(), completion.solution().get()));
  }

  private MathReward judge() {
    MathReward known = judge;
    if (known == null) {
      known = MathReward.of(recipe, dialect, budgetMillis);
      judge = known;
    }
    return known;
  }
}
