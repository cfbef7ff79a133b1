package org.sparklora.pipeline.config;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Names that people type for flags of the catalogue: former ones, which are read as the flag, and
 * guesses, which are answered with it. Read from {@code other_names.tsv} beside this class.
 */
final class OtherNames {
  private static final Map<String, OtherName> NAMES = read();

  private OtherNames() {}

  /**
   * @param former whether the flag had this name
   * @param flags what it may stand for; the first that a command takes
   * @param source whose name it is; empty for a guess
   */
  private record OtherName(boolean former, List<String> flags, String source) {}

  private static Map<String, OtherName> read() {
    Map<String, OtherName> names = new LinkedHashMap<>();
    for (String line : FlagCatalog.resource("other_names.tsv").split("\n")) {
      if (!line.startsWith("#")) {
        String[] column = line.split("\t", -1);
        names.put(
            column[0],
            new OtherName(
                column[1].equals("former"),
                Arrays.asList(column[2].split(" ")),
                column.length > 3 ? column[3] : ""));
      }
    }
    return names;
  }

  /** The flag that had this name. */
  static Optional<String> current(String name) {
    return Optional.ofNullable(NAMES.get(name))
        .filter(OtherName::former)
        .map(known -> known.flags().get(0));
  }

  /** A line for who used a former name. */
  static String note(String name) {
    OtherName known = NAMES.get(name);
    return "--%s is read as --%s, its name today (%s had it)"
        .formatted(name, known.flags().get(0), known.source());
  }

  /** What a command's flag is called that people mean by this name. */
  static Optional<String> meant(String command, String name) {
    FlagCatalog catalog = FlagCatalog.shared();
    return Optional.ofNullable(NAMES.get(name)).stream()
        .flatMap(known -> known.flags().stream())
        .filter(flag -> catalog.find(flag).orElseThrow().isTakenBy(command))
        .findFirst();
  }

  /** Former names and guesses that a command has a flag for. */
  static List<String> of(String command) {
    return NAMES.keySet().stream().filter(name -> meant(command, name).isPresent()).toList();
  }
}
