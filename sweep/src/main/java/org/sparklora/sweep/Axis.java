package org.sparklora.sweep;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.SettingsFile.Value;

/**
 * An axis of a sweep's grid: one flag, or several whose values vary together.
 *
 * @param choices at least one, each with the same flags in the same order
 */
record Axis(List<Choice> choices) {
  /** Key of a group's labels for figures; not a flag. */
  static final String LABEL = "label";

  Axis {
    choices = List.copyOf(choices);
  }

  /** One point of the axis: values by flag, and its label in figures, if the file has one. */
  record Choice(Map<String, Value> values, Optional<String> label) {}

  List<String> flags() {
    return List.copyOf(choices.get(0).values().keySet());
  }

  boolean isLabelled() {
    return choices.get(0).label().isPresent();
  }

  /**
   * The axis of one flag, or of several whose values vary together.
   *
   * @param columns lists of equal length, by flag; dashes and former names are read as its name
   *     here
   * @param place key of the sweep's file, for messages
   */
  static Axis of(Map<String, Value> columns, String place) {
    Map<String, List<Value>> lists = new LinkedHashMap<>();
    columns.forEach(
        (written, values) -> {
          String flag = CommandLine.nameHere(written);
          ConfigException.require(
              lists.put(flag, list(flag, values)) == null,
              written,
              values.text(),
              "%s is in this group already; leave one of them out".formatted(flag));
        });
    int length = lists.values().stream().mapToInt(List::size).findFirst().orElse(0);
    ConfigException.require(
        lists.keySet().stream().anyMatch(flag -> !flag.equals(LABEL)),
        place,
        columns.keySet(),
        "it names no flag that it would vary");
    lists.forEach(
        (flag, values) ->
            ConfigException.require(
                values.size() == length,
                flag,
                values.stream().map(Value::text).toList(),
                "values that go together are as many of each flag, and %s has %s"
                    .formatted(lists.keySet().iterator().next(), length)));
    List<Choice> choices = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      int at = i;
      Map<String, Value> values = new LinkedHashMap<>();
      lists.forEach((flag, column) -> values.put(flag, column.get(at)));
      Optional<Value> label = Optional.ofNullable(values.remove(LABEL));
      choices.add(new Choice(values, label.map(Value::text)));
    }
    return new Axis(choices);
  }

  private static List<Value> list(String flag, Value values) {
    List<Value> list = values.elements().orElse(List.of());
    ConfigException.require(
        values.elements().isPresent(), flag, values.text(), "a list of values is expected: [a, b]");
    ConfigException.require(
        !list.isEmpty(), flag, "[]", "without a value there is no trial; leave the flag out");
    return list;
  }
}
