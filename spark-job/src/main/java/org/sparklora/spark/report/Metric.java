package org.sparklora.spark.report;

import java.util.List;

/**
 * A metric as people are shown it.
 *
 * @param key under which it is logged
 * @param title what it is called above its panel, with its unit
 * @param scale values are divided by it
 * @param noisy whether its running mean is what one looks at
 * @param fromZero whether its axis begins at 0, so that heights can be compared
 */
record Metric(String key, String title, double scale, boolean noisy, boolean fromZero) {
  private static final double GIBIBYTE = 1L << 30;

  static final Metric REWARD = noisy("reward", "reward", false);
  static final Metric EVAL_REWARD = exact("eval_reward", "reward on the test split", false);
  static final Metric REWARD_STD = noisy("reward_std", "standard deviation of the reward", true);
  static final Metric ZERO_STD =
      noisy("frac_reward_zero_std", "share of completions without a signal", true);
  static final Metric LENGTH =
      noisy("completions/mean_length", "length of completions (tokens)", true);
  static final Metric CLIPPED =
      noisy("completions/clipped_ratio", "share of completions that were cut off", true);
  static final Metric ENTROPY = noisy("entropy", "entropy (nats a token)", true);
  static final Metric KL = noisy("kl", "divergence from the reference (nats a token)", true);
  static final Metric LOSS = noisy("loss", "loss", false);
  static final Metric EVAL_LOSS = exact("eval_loss", "loss on the test split", false);
  static final Metric ACCURACY =
      noisy("mean_token_accuracy", "share of tokens predicted right", false);
  static final Metric LEARNING_RATE = exact("learning_rate", "learning rate", true);
  static final Metric GRAD_NORM = noisy("grad_norm", "norm of the gradient", true);
  static final Metric STEP_TIME = noisy("step_time", "seconds a step", true);
  static final Metric PROCESS = memory("peak_memory_process", "peak memory of the process (GiB)");
  static final Metric OFF_HEAP = memory("peak_memory_off_heap", "peak memory off the heap (GiB)");
  static final Metric HEAP = memory("peak_memory_heap", "peak memory on the heap (GiB)");

  /** All, in the order in which they are shown. */
  static final List<Metric> ALL =
      List.of(
          REWARD,
          EVAL_REWARD,
          LOSS,
          EVAL_LOSS,
          ACCURACY,
          REWARD_STD,
          ZERO_STD,
          LENGTH,
          CLIPPED,
          ENTROPY,
          KL,
          LEARNING_RATE,
          GRAD_NORM,
          STEP_TIME,
          PROCESS,
          OFF_HEAP,
          HEAP);

  private static Metric noisy(String key, String title, boolean fromZero) {
    return new Metric(key, title, 1, true, fromZero);
  }

  private static Metric exact(String key, String title, boolean fromZero) {
    return new Metric(key, title, 1, false, fromZero);
  }

  private static Metric memory(String key, String title) {
    return new Metric(key, title, GIBIBYTE, false, true);
  }

  /** A run's curve in this metric's unit. */
  Curve of(RunLog run) {
    Curve logged = run.curve(key);
    double[] scaled = logged.values().clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] /= scale;
    }
    return new Curve(logged.steps(), scaled);
  }
}
