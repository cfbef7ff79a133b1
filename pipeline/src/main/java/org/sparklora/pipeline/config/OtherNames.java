package org.sparklora.pipeline.config;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Names that people type for flags of the catalogue: former ones, which are read as the flag,
 * guesses, which are answered with it, and names of flags that are gone. Read from {@code
 * other_names.tsv} beside this class.
 */
final class OtherNames {
  private static final Map<String, OtherName> NAMES = read();

  private OtherNames() {}

  /**
   * @param kind {@code former}, {@code guess} or {@code gone}
   * @param flags what it may stand for; the first that a command takes
   * @param remark whose former name it is, or what there is in place of one that is gone
   */
  private record OtherName(String kind, List<String> flags, String remark) {
    boolean is(String wanted) {
      return kind.equals(wanted);
    }
  }

  private static Map<String, OtherName> read() {
    Map<String, OtherName> names = new LinkedHashMap<>();
    for (String line : FlagCatalog.resource("other_names.tsv").split("\n")) {
      if (!line.startsWith("#")) {
        String[] column = line.split("\t", -1);
        names.put(
            column[0],
            new OtherName(
                column[1],
                Arrays.stream(column[2].split(" ")).filter(flag -> !flag.isEmpty()).toList(),
                column.length > 3 ? column[3] : ""));
      }
    }
    return names;
  }

  /** The flag that had this name. */
  static Optional<String> current(String name) {
    return Optional.ofNullable(NAMES.get(name))
        .filter(known -> known.is("former"))
        .map(known -> known.flags().get(0));
  }

  /** What there is in place of a flag that TRL or transformers had, and no longer have. */
  static Optional<String> instead(String name) {
    return Optional.ofNullable(NAMES.get(name))
        .filter(known -> known.is("gone"))
        .map(OtherName::remark);
  }

  /** A line for who used a former name. */
  static String note(String name) {
    OtherName known = NAMES.get(name);
    return "--%s is read as --%s, its name today (%s had it)"
        .formatted(name, known.flags().get(0), known.remark());
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
