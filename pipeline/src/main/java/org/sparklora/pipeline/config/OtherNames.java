package org.sparklora.pipeline.config;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Other names for flags of the catalogue: former names, which are read as the flag; guesses, which
 * are refused with the flag's name; and names of removed flags. Read from {@code other_names.tsv}
 * beside this class.
 */
final class OtherNames {
  private static final Map<String, OtherName> NAMES = read();

  private OtherNames() {}

  /**
   * @param kind {@code former}, {@code guess} or {@code gone}
   * @param flags the flags that the name may mean; the first that the command takes counts
   * @param remark the software that had the former name, or the replacement of a removed flag
   */
  private record OtherName(String kind, List<String> flags, String remark) {}

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

  /** The entry of a name; dashes count as underscores. */
  private static Optional<OtherName> find(String name) {
    return Optional.ofNullable(NAMES.get(name.replace('-', '_')));
  }

  /** The flag whose former name this is. */
  static Optional<String> current(String name) {
    return find(name)
        .filter(known -> known.kind().equals("former"))
        .map(known -> known.flags().get(0));
  }

  /** The replacement of a flag that TRL or transformers removed. */
  static Optional<String> instead(String name) {
    return find(name).filter(known -> known.kind().equals("gone")).map(OtherName::remark);
  }

  /** The note for a user of a former name. */
  static String note(String name) {
    OtherName known = find(name).orElseThrow();
    return "--%s is read as --%s, its name here (%s has or had it)"
        .formatted(name, known.flags().get(0), known.remark());
  }

  /** The name of the command's flag that this other name means. */
  static Optional<String> meant(String command, String name) {
    FlagCatalog catalog = FlagCatalog.shared();
    return find(name).stream()
        .flatMap(known -> known.flags().stream())
        .filter(flag -> catalog.find(flag).orElseThrow().isTakenBy(command))
        .findFirst();
  }

  /** The former names and guesses that mean a flag of the command. */
  static List<String> of(String command) {
    return NAMES.keySet().stream().filter(name -> meant(command, name).isPresent()).toList();
  }
}
