package org.sparklora.sweep;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;

/**
 * One run of a sweep.
 *
 * @param name name of the trial's folder, see {@link TrialName}; empty until it is known
 * @param values the varied flags' values as texts in canonical spelling; empty for unset
 * @param labels labels of the trial's points, in the order of the axes
 * @param labelled the varied flags of the axes that have labels
 */
public record Trial(
    String name,
    Map<String, String> values,
    List<String> labels,
    Set<String> labelled,
    Settings settings)
    implements Serializable {
  private static final Set<String> SEEDS = Set.of(Flags.SEED.name(), Flags.DATA_SEED.name());
  private static final Set<String> ADAPTER = Set.of(Flags.USE_PEFT.name(), Flags.LORA_R.name());

  /** The command whose trials train nothing. */
  public static final String EVAL = "eval";

  public Trial named(String hash) {
    return new Trial(hash, values, labels, labelled, settings);
  }

  public Trial with(Settings other) {
    return new Trial(name, values, labels, labelled, other);
  }

  public String command() {
    return settings.command();
  }

  /** Whether the trial evaluates a model without training. */
  public boolean isEvaluation() {
    return command().equals(EVAL);
  }

  public boolean isAdapter() {
    return isEvaluation() ? settings.isGiven(Flags.ADAPTER) : settings.get(Flags.USE_PEFT);
  }

  /** Rank of the trained adapter; 0 for full fine-tuning and for an evaluation. */
  public int rank() {
    return isAdapter() && !isEvaluation() ? settings.get(Flags.LORA_R) : 0;
  }

  /** The learning rate; NaN for an evaluation. */
  public double rate() {
    return isEvaluation() ? Double.NaN : settings.get(Flags.LEARNING_RATE);
  }

  public int seed() {
    return settings.get(Flags.SEED);
  }

  /** The trial's seeds: trials of one setting with other seeds are repetitions. */
  public Seeds seeds() {
    return new Seeds(seed(), settings.find(Flags.DATA_SEED).orElse(seed()));
  }

  /** The seeds of one repetition; an unset {@code data_seed} is {@code seed}. */
  public record Seeds(int seed, int dataSeed) {}

  /** Rows, or completions, per update; if parameters are averaged, per update of each worker. */
  public int batch() {
    return settings.get(Flags.PER_DEVICE_TRAIN_BATCH_SIZE)
        * settings.get(Flags.GRADIENT_ACCUMULATION_STEPS);
  }

  /** {@code max_steps}; 0 or less if the epochs decide. */
  public int maxSteps() {
    return settings.get(Flags.MAX_STEPS);
  }

  /** The varied values without seeds; trials with equal settings are repetitions. */
  public Map<String, String> setting() {
    Map<String, String> rest = new LinkedHashMap<>(values);
    rest.keySet().removeAll(SEEDS);
    return rest;
  }

  /** The varied values that all trials of a curve share: without seeds and the learning rate. */
  public Map<String, String> series() {
    Map<String, String> rest = setting();
    rest.keySet().remove(Flags.LEARNING_RATE.name());
    return rest;
  }

  /** The label of the trial's curve: the file's labels, and the varied values without one. */
  public String seriesLabel() {
    Map<String, String> rest = series();
    if (!labels.isEmpty()) {
      rest.keySet().removeAll(labelled);
      return Stream.concat(labels.stream(), words(rest)).collect(Collectors.joining(", "));
    }
    boolean told = rest.keySet().stream().anyMatch(ADAPTER::contains);
    rest.keySet().removeAll(ADAPTER);
    String others = words(rest).collect(Collectors.joining(", "));
    String method = isAdapter() ? "r " + rank() : "full";
    return others.isEmpty() ? method : told ? method + ", " + others : others;
  }

  private static Stream<String> words(Map<String, String> values) {
    return values.entrySet().stream().map(entry -> entry.getKey() + " " + entry.getValue());
  }

  /** The varied values in short, for messages and trackers; never empty. */
  public String shown() {
    Map<String, String> given = new LinkedHashMap<>(values);
    given.values().removeIf(String::isEmpty);
    return given.isEmpty()
        ? String.join(", ", values.keySet()) + " unset"
        : words(given).collect(Collectors.joining(", "));
  }

  /** A number in plain notation: {@code 0.0003}, not {@code 3.0E-4}. */
  public static String typed(double value) {
    boolean common = value == 0 || Math.abs(value) > 1e-20 && Math.abs(value) < 1e20;
    return common
        ? new BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString()
        : Double.toString(value);
  }
}
