package org.sparklora.pipeline.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * All known flags: TRL's, and those of spark-lora. Read from {@code flags.tsv} beside this class.
 *
 * <p>Immutable and thread-safe.
 */
record FlagCatalog(Map<String, Flag<?>> flags) {
  private static final String RESOURCE = "flags.tsv";
  private static final int COLUMNS = 9;
  private static final Pattern SECRET_NAME = Pattern.compile("token|secret|password|key|^env$");
  private static final FlagCatalog SHARED = read();

  static FlagCatalog shared() {
    return SHARED;
  }

  private static FlagCatalog read() {
    Map<String, Flag<?>> flags = new LinkedHashMap<>();
    String section = "";
    for (String line : resource(RESOURCE).split("\n")) {
      if (line.startsWith("## ")) {
        section = line.substring(3);
      } else if (!line.startsWith("#")) {
        Flag<?> flag = flag(section, line.split("\t", COLUMNS));
        flags.put(flag.name(), flag);
      }
    }
    return new FlagCatalog(flags);
  }

  private static Flag<?> flag(String section, String[] column) {
    return new Flag<>(
        column[0],
        section,
        constant(FlagType.class, column[1]),
        ByCommand.parse(column[2], text -> text),
        ByCommand.parse(column[3], word -> constant(Flag.Status.class, word)),
        new LinkedHashSet<>(List.of(column[4].split(" "))),
        ByCommand.parseTexts(column[5], AllowedValues::parse),
        Optional.of(column[6]).filter(cell -> !cell.isEmpty()).map(Flag.Need::parse),
        ByCommand.parse(
            column[7],
            word -> word.isEmpty() ? Flag.Identity.NONE : constant(Flag.Identity.class, word)),
        ByCommand.parseTexts(column[8], text -> text));
  }

  private static <E extends Enum<E>> E constant(Class<E> type, String word) {
    return Enum.valueOf(type, word.toUpperCase(Locale.ROOT));
  }

  /** The text of a file beside this class. */
  static String resource(String name) {
    try (InputStream stream = FlagCatalog.class.getResourceAsStream(name)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every flag, in the catalogue's order. */
  Collection<Flag<?>> all() {
    return flags.values();
  }

  /** The flags of a command, in the catalogue's order. */
  List<Flag<?>> of(String command) {
    return flags.values().stream().filter(flag -> flag.isTakenBy(command)).toList();
  }

  /** The flag of that name in any command; dashes count as underscores. */
  Optional<Flag<?>> find(String name) {
    return Optional.ofNullable(flags.get(name.replace('-', '_')));
  }

  /**
   * The flag of that name, or former name, in a command; if there is none, an exception names the
   * nearest.
   */
  Flag<?> require(String command, String written, String value) {
    String name = OtherNames.current(written).orElse(written);
    Optional<Flag<?>> flag = find(name);
    if (flag.isPresent() && flag.get().isTakenBy(command)) {
      return flag.get();
    }
    Optional<Flag<?>> nearest = nearest(command, name.replace('-', '_'));
    if (flag.isPresent()) {
      throw new ConfigException(
          name,
          flag.get().shown(value),
          "%s does not take this flag; it belongs to %s%s"
              .formatted(
                  command,
                  String.join(", ", flag.get().commands()),
                  nearest.map(known -> "; did you mean %s?".formatted(known.name())).orElse("")));
    }
    OtherNames.instead(name)
        .ifPresent(
            instead -> {
              throw new ConfigException(
                  name, shown(name, value, nearest), "there is no such flag; " + instead);
            });
    Optional<Flag<?>> elsewhere = Nearest.of(name, flags.keySet()).flatMap(this::find);
    throw new ConfigException(
        name,
        shown(name, value, nearest.or(() -> elsewhere)),
        "there is no such flag; "
            + nearest
                .map(known -> "did you mean %s?".formatted(known.name()))
                .or(
                    () ->
                        elsewhere.map(
                            known ->
                                "%s belongs to %s"
                                    .formatted(known.name(), String.join(", ", known.commands()))))
                .orElse("%s --help lists those there are".formatted(command)));
  }

  /** The value in messages; hides it if the mistyped name may mean a secret. */
  private static String shown(String name, String value, Optional<Flag<?>> nearest) {
    boolean mayBeSecret =
        SECRET_NAME.matcher(name.toLowerCase(Locale.ROOT)).find()
            || nearest.filter(known -> known.type() == FlagType.SECRET).isPresent();
    return mayBeSecret ? Flag.HIDDEN : value;
  }

  /**
   * The nearest flag with an effect, by any of its names: a mistyped lora_rank does not mean
   * local_rank.
   */
  private Optional<Flag<?>> nearest(String command, String name) {
    List<String> names = new ArrayList<>(OtherNames.of(command));
    of(command).forEach(known -> names.add(known.name()));
    return Nearest.of(
            name,
            names.stream().filter(known -> meant(command, known).isEffective(command)).toList())
        .map(known -> meant(command, known));
  }

  private Flag<?> meant(String command, String name) {
    return find(name)
        .filter(flag -> flag.isTakenBy(command))
        .orElseGet(() -> flags.get(OtherNames.meant(command, name).orElseThrow()));
  }
}
