package org.sparklora.spark.sweep;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Which finding of "LoRA Without Regret" a sweep is to show: its verdict and its picture. */
public enum FindingKind {
  /** Attention alone against feed-forward alone against all, each at its best rate. */
  LAYERS,
  /** At which step each rank leaves the common line. */
  CAPACITY,
  /** The ratio of the best rates of adapters and of full fine-tuning. */
  LEARNING_RATE,
  /** How the gap between adapters and full fine-tuning grows with the batch. */
  BATCH_SIZE,
  /** Whether rank 1 learns from rewards what full fine-tuning does. */
  RL_RANK,
  /** The ratio of the best rates by the length of the run. */
  SHORT_RUNS,
  /** None: trials side by side. */
  NONE;

  /** As a sweep's file has it. */
  public String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Optional<FindingKind> of(String key) {
    return Arrays.stream(values()).filter(kind -> kind.key().equals(key)).findFirst();
  }

  static List<String> keys() {
    return Arrays.stream(values()).map(FindingKind::key).toList();
  }
}
