package org.sparklora.spark.sweep;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;

/**
 * One run of a sweep.
 *
 * @param name of its folder: a hash of all that decides what comes out; empty until it is known
 * @param values what the sweep varies, by flag, as texts in canonical spelling; empty for unset
 * @param labels what the file calls some of them, in the order of the axes
 * @param settings all of it, as the command reads them
 */
record Trial(String name, Map<String, String> values, List<String> labels, Settings settings)
    implements Serializable {
  private static final Set<String> SEEDS = Set.of(Flags.SEED.name(), Flags.DATA_SEED.name());
  private static final Set<String> ADAPTER = Set.of(Flags.USE_PEFT.name(), Flags.LORA_R.name());

  /** The command whose trials train nothing. */
  static final String EVAL = "eval";

  Trial named(String hash) {
    return new Trial(hash, values, labels, settings);
  }

  Trial with(Settings other) {
    return new Trial(name, values, labels, other);
  }

  String command() {
    return settings.command();
  }

  /** Whether a model is evaluated and nothing trained. */
  boolean isEvaluation() {
    return command().equals(EVAL);
  }

  boolean isAdapter() {
    return isEvaluation() ? settings.isGiven(Flags.ADAPTER) : settings.get(Flags.USE_PEFT);
  }

  /** Of the adapter; 0 where all weights are trained, or none. */
  int rank() {
    return isAdapter() && !isEvaluation() ? settings.get(Flags.LORA_R) : 0;
  }

  /** NaN of an evaluation. */
  double rate() {
    return isEvaluation() ? Double.NaN : settings.get(Flags.LEARNING_RATE);
  }

  int seed() {
    return settings.get(Flags.SEED);
  }

  /** Rows, or completions, of an update. */
  int batch() {
    return settings.get(Flags.PER_DEVICE_TRAIN_BATCH_SIZE)
        * settings.get(Flags.GRADIENT_ACCUMULATION_STEPS);
  }

  /** {@code max_steps}; not positive where the epochs decide. */
  int maxSteps() {
    return settings.get(Flags.MAX_STEPS);
  }

  /** What is varied but for the seed: trials with equal ones are repetitions. */
  Map<String, String> setting() {
    return without(SEEDS);
  }

  /** What is varied but for the seed and one quantity, over which a curve is drawn. */
  Map<String, String> series(Set<String> quantity) {
    Map<String, String> rest = without(SEEDS);
    rest.keySet().removeAll(quantity);
    return rest;
  }

  private Map<String, String> without(Set<String> flags) {
    Map<String, String> rest = new LinkedHashMap<>(values);
    rest.keySet().removeAll(flags);
    return rest;
  }

  /**
   * What the picture calls its curve: the file's labels, else what is varied.
   *
   * @param quantity what the curve is drawn over
   */
  String seriesLabel(Set<String> quantity) {
    if (!labels.isEmpty()) {
      return String.join(", ", labels);
    }
    Map<String, String> rest = series(quantity);
    boolean told = rest.keySet().stream().anyMatch(ADAPTER::contains);
    rest.keySet().removeAll(ADAPTER);
    String others =
        rest.entrySet().stream()
            .map(entry -> entry.getKey() + " " + entry.getValue())
            .collect(Collectors.joining(", "));
    String method = isAdapter() ? "r " + rank() : "full";
    return others.isEmpty() ? method : told ? method + ", " + others : others;
  }

  /** For messages: what it varies, in short. */
  String shown() {
    return values.entrySet().stream()
        .filter(entry -> !entry.getValue().isEmpty())
        .map(entry -> entry.getKey() + " " + entry.getValue())
        .collect(Collectors.joining(", "));
  }
}
