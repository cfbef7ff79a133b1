package org.sparklora.observe.report;

import java.util.List;

/**
 * A metric as reports show it.
 *
 * @param key name in the log
 * @param title of its panel, with the unit
 * @param scale divisor of the logged values
 * @param noisy whether to show a running mean
 */
record Metric(String key, String title, double scale, boolean noisy, Axis axis) {
  enum Axis {
    /** The range of the values. */
    CLOSE,
    /** The range of the values; logarithmic if positive values span several decades. */
    CLOSE_OR_DECADES,
    /** From 0, so that heights can be compared. */
    FROM_ZERO,
    /** From 0; logarithmic if the runs' largest values lie decades apart. */
    FROM_ZERO_OR_DECADES
  }

  private static final double GIBIBYTE = 1L << 30;

  static final Metric REWARD = noisy("reward", "reward", Axis.CLOSE);
  static final Metric EVAL_REWARD = exact("eval_reward", "reward on the test split", Axis.CLOSE);
  static final Metric REWARD_STD =
      noisy("reward_std", "standard deviation of the reward", Axis.FROM_ZERO);
  static final Metric ZERO_STD =
      noisy("frac_reward_zero_std", "share of completions without a signal", Axis.FROM_ZERO);
  static final Metric LENGTH =
      noisy("completions/mean_length", "length of completions (tokens)", Axis.FROM_ZERO);
  static final Metric CLIPPED =
      noisy("completions/clipped_ratio", "share of completions that were cut off", Axis.FROM_ZERO);
  static final Metric ENTROPY = noisy("entropy", "entropy (nats a token)", Axis.FROM_ZERO);
  static final Metric KL =
      noisy("kl", "divergence from the reference (nats a token)", Axis.FROM_ZERO);
  static final Metric LOSS = noisy("loss", "loss", Axis.CLOSE_OR_DECADES);
  static final Metric EVAL_LOSS =
      exact("eval_loss", "loss on the test split", Axis.CLOSE_OR_DECADES);
  static final Metric ACCURACY =
      noisy("mean_token_accuracy", "share of tokens predicted right", Axis.CLOSE);
  static final Metric LEARNING_RATE =
      exact("learning_rate", "learning rate", Axis.FROM_ZERO_OR_DECADES);
  static final Metric GRAD_NORM =
      noisy("grad_norm", "norm of the gradient", Axis.FROM_ZERO_OR_DECADES);
  static final Metric STEP_TIME = noisy("step_time", "seconds a step", Axis.FROM_ZERO);
  static final Metric PROCESS = memory("peak_memory_process", "peak memory of the process (GiB)");
  static final Metric OFF_HEAP = memory("peak_memory_off_heap", "peak memory off the heap (GiB)");
  static final Metric HEAP = memory("peak_memory_heap", "peak memory on the heap (GiB)");

  /** All metrics, in the order of display. */
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

  private static Metric noisy(String key, String title, Axis axis) {
    return new Metric(key, title, 1, true, axis);
  }

  private static Metric exact(String key, String title, Axis axis) {
    return new Metric(key, title, 1, false, axis);
  }

  private static Metric memory(String key, String title) {
    return new Metric(key, title, GIBIBYTE, false, Axis.FROM_ZERO);
  }

  /** A run's curve in this metric's unit. */
  Curve of(RunLog run) {
    return run.curve(key).map(value -> value / scale);
  }
}
