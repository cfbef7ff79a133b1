package org.sparklora.sweep;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Nearest;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.config.SettingsFile;
import org.sparklora.pipeline.config.SettingsFile.Value;

/**
 * The contents of a sweep's YAML file.
 *
 * @param finding the finding that determines verdicts and figures
 * @param claim the claim to test, one sentence
 * @param source reference of the claim
 * @param command {@code sft}, {@code grpo} or {@code eval}
 * @param base values that all trials share, by flag
 * @param axes axes whose points are crossed
 */
public record SweepFile(
    FindingKind finding,
    String claim,
    String source,
    String command,
    Map<String, Value> base,
    List<Axis> axes,
    SweepMetric metric,
    Optional<Halving> halving,
    String place) {
  private static final List<String> KEYS =
      List.of("finding", "claim", "source", "command", "base", "axes", "zip", "metric", "halving");
  private static final List<String> COMMANDS = List.of("sft", "grpo", Trial.EVAL);

  /** Flags that the sweep itself sets for each trial, or that no trial can have. */
  private static final List<Flag<?>> OWN =
      List.of(
          Flags.OUTPUT_DIR,
          Flags.OVERWRITE_OUTPUT_DIR,
          Flags.RESUME_FROM_CHECKPOINT,
          Flags.RUN_NAME,
          Flags.REGISTERED_MODEL_NAME,
          Flags.PUSH_TO_HUB,
          Flags.OUTPUT_TABLE,
          Flags.CHECKPOINTS,
          Flags.HUB_TOKEN,
          Flags.MASTER,
          Flags.DEBUG_ERRORS);

  private static final String DECIDED =
      "a sweep decides on it for each of its trials; leave it out";

  /** The remedies that differ from {@link #DECIDED}. */
  private static final Map<Flag<?>, String> REMEDIES =
      Map.of(
          Flags.CHECKPOINTS,
          "a trial evaluates one model; name each checkpoint as adapter, or model_name_or_path",
          Flags.HUB_TOKEN,
          "no trial pushes, and the sweep's folder holds a copy of this file; leave it out");

  /** Flags that apply to the whole process, so that no axis may vary them. */
  private static final List<Flag<?>> OF_THE_PROCESS = List.of(Flags.ENGINE);

  public SweepFile {
    axes = List.copyOf(axes);
  }

  /**
   * Reads a file.
   *
   * @throws ConfigException if the file cannot be read, has an unknown key or a flag that cannot
   *     vary
   */
  public static SweepFile read(Path file) {
    Map<String, Value> entries = SettingsFile.read(file);
    try {
      return of(entries, file.toString());
    } catch (ConfigException e) {
      throw e.place().isEmpty() ? e.in(file.toString()) : e;
    }
  }

  private static SweepFile of(Map<String, Value> entries, String place) {
    for (String key : entries.keySet()) {
      ConfigException.require(
          KEYS.contains(key),
          key,
          entries.get(key).text(),
          "a sweep has no such key; "
              + Nearest.of(key, KEYS)
                  .map("did you mean %s?"::formatted)
                  .orElse("it has " + String.join(", ", KEYS)));
    }
    String command = word(entries, "command", COMMANDS);
    Map<String, Value> base = map(entries, "base");
    List<Axis> axes = axes(entries);
    requireOwnFlags(base, axes);
    FindingKind finding = FindingKind.of(word(entries, "finding", FindingKind.keys()));
    if (command.equals(Trial.EVAL)) {
      ConfigException.require(
          finding == FindingKind.NONE,
          "finding",
          finding.key(),
          "nothing is trained by eval; say finding: none");
      ConfigException.require(
          !entries.containsKey("halving"),
          "halving",
          entries.containsKey("halving") ? entries.get("halving").text() : "",
          "an evaluation has no steps; leave it out");
    }
    return new SweepFile(
        finding,
        text(entries, "claim"),
        text(entries, "source"),
        command,
        base,
        axes,
        SweepMetric.of(map(entries, "metric")),
        Optional.ofNullable(entries.get("halving"))
            .filter(value -> !value.isUnset())
            .map(value -> Halving.of(map(entries, "halving"))),
        place);
  }

  private static List<Axis> axes(Map<String, Value> entries) {
    List<Axis> axes = new ArrayList<>();
    map(entries, "axes").forEach((flag, values) -> axes.add(Axis.of(Map.of(flag, values), "axes")));
    Value zip = entries.get("zip");
    if (zip != null && !zip.isUnset()) {
      for (Value group :
          expected(zip.elements(), "zip", zip, "a list of groups of flags is expected")) {
        axes.add(
            Axis.of(
                expected(group.entries(), "zip", group, "a group is flags with their lists"),
                "zip"));
      }
    }
    ConfigException.require(
        !axes.isEmpty(),
        "axes",
        "nothing",
        "a sweep without an axis is one run; name the flags to vary, with their values");
    return axes;
  }

  /** Refuses flags that are given twice, and flags that the sweep itself sets. */
  private static void requireOwnFlags(Map<String, Value> base, List<Axis> axes) {
    Set<String> seen = new HashSet<>();
    Map<String, String> all = new LinkedHashMap<>();
    base.forEach((flag, value) -> all.put(CommandLine.nameHere(flag), value.text()));
    for (Axis axis : axes) {
      for (String flag : axis.flags()) {
        ConfigException.require(
            seen.add(flag),
            flag,
            "an axis",
            "it is one already; a flag can stand in one axis only");
        ConfigException.require(
            !all.containsKey(flag),
            flag,
            "an axis",
            "it stands among base and the axes; leave one of them out");
        ConfigException.require(
            OF_THE_PROCESS.stream().noneMatch(own -> own.name().equals(flag)),
            flag,
            "an axis",
            "all trials of a sweep have the same; put it into base");
        all.put(flag, "an axis");
      }
    }
    for (Flag<?> own : OWN) {
      requireAbsent(!all.containsKey(own.name()), own, all.get(own.name()));
    }
  }

  private static Map<String, Value> map(Map<String, Value> entries, String key) {
    Value value = entries.get(key);
    if (value == null || value.isUnset()) {
      return Map.of();
    }
    return expected(value.entries(), key, value, "keys with their values are expected");
  }

  private static <T> T expected(Optional<T> found, String key, Value value, String expectation) {
    return found.orElseThrow(() -> new ConfigException(key, value.text(), expectation));
  }

  private static String text(Map<String, Value> entries, String key) {
    Value value = entries.get(key);
    return value == null || value.isUnset() ? "" : value.text();
  }

  private static String word(Map<String, Value> entries, String key, List<String> words) {
    String word = text(entries, key);
    ConfigException.require(
        words.contains(word),
        key,
        word.isEmpty() ? "nothing" : word,
        Nearest.of(word, words).map("did you mean %s? "::formatted).orElse("")
            + "It is one of "
            + String.join(", ", words));
    return word;
  }

  /** Refuses a trial's flags that the sweep itself sets, under any name in the file. */
  static void requireOwn(Settings trial) {
    for (Flag<?> own : OWN) {
      requireAbsent(!trial.isGiven(own), own, trial.text(own));
    }
  }

  private static void requireAbsent(boolean absent, Flag<?> own, String value) {
    ConfigException.require(
        absent,
        own,
        own == Flags.HUB_TOKEN ? "(hidden)" : value,
        REMEDIES.getOrDefault(own, DECIDED));
  }

  /** The settings that {@link #base} gives to all trials. */
  public Settings shared() {
    return CommandLine.ofEntries(command, base, place);
  }

  /** Whether another file has the same trials, regardless of claim and finding. */
  boolean hasTrialsOf(SweepFile other) {
    return command.equals(other.command)
        && base.equals(other.base)
        && axes.equals(other.axes)
        && metric.equals(other.metric)
        && halving.equals(other.halving);
  }

  /** The flags of all axes, in order. */
  public List<String> varied() {
    return axes.stream().flatMap(axis -> axis.flags().stream()).toList();
  }
}
