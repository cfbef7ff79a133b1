package org.sparklora.sweep;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The finding of "LoRA Without Regret" that a sweep tests: determines verdicts and figures. */
public enum FindingKind {
  /** Attention alone against feed-forward alone against all, each at its best rate. */
  LAYERS,
  /** The step at which each rank's curve leaves the common line. */
  CAPACITY,
  /** The ratio of the best rates of adapters and of full fine-tuning. */
  LEARNING_RATE,
  /** The growth of the gap between adapters and full fine-tuning with the batch size. */
  BATCH_SIZE,
  /** Whether rank 1 learns as well from rewards as full fine-tuning. */
  RL_RANK,
  /** The ratio of the best rates of adapters and of full fine-tuning by length of the run. */
  SHORT_RUNS,
  /** The loss of averaged parameters over that of exact data parallelism. */
  AVERAGING,
  /** No finding: compares trials only. */
  NONE;

  /** The name of the finding in a sweep's file. */
  public String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static FindingKind of(String key) {
    return valueOf(key.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  static List<String> keys() {
    return Arrays.stream(values()).map(FindingKind::key).toList();
  }
}
