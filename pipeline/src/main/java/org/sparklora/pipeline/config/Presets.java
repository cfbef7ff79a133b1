package org.sparklora.pipeline.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The values that {@code --preset} sets for flags that are not given, from {@code presets.tsv}. */
final class Presets {
  private static final String RESOURCE = "presets.tsv";
  private static final int COLUMNS = 4;

  private Presets() {}

  /** The words of each flag that a preset sets in a command, in the file's order. */
  static Map<String, List<String>> of(String preset, String command) {
    String run = CommandNames.wholeRun(command);
    Map<String, List<String>> values = new LinkedHashMap<>();
    for (String line : FlagCatalog.resource(RESOURCE).split("\n")) {
      String[] column = line.split("\t", COLUMNS);
      if (!line.startsWith("#")
          && column[0].equals(preset)
          && List.of(column[1].split(" ")).contains(run)) {
        values.put(column[2], List.of(column[3].split(" ")));
      }
    }
    return values;
  }
}
