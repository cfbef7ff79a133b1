package org.sparklora.sweep;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.config.SettingsFile.Value;

/** Makes the trials of a sweep's file: the Cartesian product of the axes. */
final class TrialGrid {
  /** A larger grid is taken for a mistake: it would take a year on a cluster. */
  private static final int MOST_TRIALS = 100_000;

  private final SweepFile file;
  private final String folder;
  private final List<Trial> trials = new ArrayList<>();
  private final Map<Map<String, String>, Trial> seen = new HashMap<>();
  private final Set<String> labelled;

  private TrialGrid(SweepFile file, String folder) {
    this.file = file;
    this.folder = folder;
    this.labelled =
        file.axes().stream()
            .filter(Axis::isLabelled)
            .flatMap(axis -> axis.flags().stream())
            .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * All trials, the last axis varying fastest.
   *
   * @throws ConfigException for an axis that is not a flag of the command, an invalid value of a
   *     flag, or two equal trials
   */
  static List<Trial> of(SweepFile file, String folder) {
    TrialGrid grid = new TrialGrid(file, folder);
    long count =
        file.axes().stream()
            .mapToLong(axis -> axis.choices().size())
            .reduce(1, Math::multiplyExact);
    ConfigException.require(
        count <= MOST_TRIALS, "axes", count + " trials", "100000 are the most; leave values out");
    try {
      grid.add(0, Map.of(), List.of());
    } catch (ConfigException e) {
      throw e.place().isEmpty() ? e.in(file.place()) : e;
    }
    file.axes().forEach(grid::requireEffect);
    return List.copyOf(grid.trials);
  }

  /** Refuses an axis that no trial uses. */
  private void requireEffect(Axis axis) {
    Map<String, Value> values = new LinkedHashMap<>();
    axis.choices().forEach(choice -> values.putAll(choice.values()));
    values.forEach(
        (name, last) -> {
          if (trials.stream().allMatch(trial -> trial.settings().whyIdle(name).isPresent())) {
            throw new ConfigException(
                    name,
                    text(last),
                    "it changes nothing in any trial: "
                        + trials.get(0).settings().whyIdle(name).orElseThrow())
                .in(file.place());
          }
        });
  }

  private void add(int axis, Map<String, Value> varied, List<String> labels) {
    if (axis == file.axes().size()) {
      addTrial(varied, labels);
      return;
    }
    for (Axis.Choice choice : file.axes().get(axis).choices()) {
      Map<String, Value> more = new LinkedHashMap<>(varied);
      more.putAll(choice.values());
      List<String> named = new ArrayList<>(labels);
      choice.label().ifPresent(named::add);
      add(axis + 1, more, named);
    }
  }

  private void addTrial(Map<String, Value> varied, List<String> labels) {
    Map<String, Value> entries = new LinkedHashMap<>(file.base());
    entries.putAll(varied);
    Settings settings = CommandLine.ofEntries(file.command(), entries, file.place());
    SweepFile.requireOwn(settings);
    Map<String, String> values = new LinkedHashMap<>();
    Map<String, String> effective = settings.effective();
    varied.forEach(
        (name, written) ->
            values.put(name, shown(settings, name, effective.getOrDefault(name, text(written)))));
    Trial trial =
        new Trial(
            "",
            values,
            List.copyOf(labels),
            labelled,
            settings.with(Flags.OUTPUT_DIR, folder).with(Flags.DISABLE_TQDM, "true"));
    Trial same = seen.put(trial.settings().effective(), trial);
    if (same != null) {
      throw new ConfigException(
          "axes",
          trial.shown(),
          "another trial is the same (%s)%s; leave one of them out"
              .formatted(same.shown(), idle(trial, same)));
    }
    trials.add(trial);
  }

  private static String shown(Settings settings, String name, String text) {
    return settings
        .typed(name, text)
        .map(value -> value instanceof Double number ? Trial.typed(number) : text)
        .orElse(text);
  }

  /** Names the flags that differ between two equal trials, which use neither value. */
  private static String idle(Trial one, Trial other) {
    List<String> names =
        one.values().keySet().stream()
            .filter(name -> !one.values().get(name).equals(other.values().get(name)))
            .toList();
    return names.isEmpty()
        ? ""
        : ", for %s changes nothing in it".formatted(String.join(", ", names));
  }

  private static String text(Value written) {
    return written.isUnset() ? "" : written.text();
  }
}
