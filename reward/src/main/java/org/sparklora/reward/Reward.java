package org.sparklora.reward;

import java.io.Serializable;

/**
 * Judges completions one by one. To use your own reward, implement this with a public constructor
 * without parameters, name the class after {@code --reward_funcs}, and ship it with {@code --jars}.
 *
 * <p>An instance goes to every executor and is called by many threads at once: it must be
 * serialisable and thread-safe. The same completion must always get the same reward.
 */
public interface Reward extends Serializable {

  /** The name under which the reward appears in tables and metrics. */
  String name();

  /** Judges one completion. One that cannot be judged gets {@link Judgement#unverifiable}. */
  Judgement judge(RewardInput completion);
}
