package org.sparklora.pipeline.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Every flag that is known: all of TRL's for SFT, and our own. Read from {@code flags.tsv} beside
 * this class.
 *
 * <p>Immutable and thread-safe.
 */
final class FlagCatalog {
  private static final String RESOURCE = "flags.tsv";
  private static final int COLUMNS = 6;
  private static final FlagCatalog SHARED = read();

  private final Map<String, Flag> flags;

  private FlagCatalog(Map<String, Flag> flags) {
    this.flags = flags;
  }

  static FlagCatalog shared() {
    return SHARED;
  }

  private static FlagCatalog read() {
    Map<String, Flag> flags = new LinkedHashMap<>();
    String group = "";
    for (String line : resource().split("\n")) {
      if (line.startsWith("## ")) {
        group = line.substring(3);
      } else if (!line.startsWith("#")) {
        String[] column = line.split("\t", COLUMNS);
        flags.put(
            column[0],
            new Flag(
                column[0],
                group,
                Flag.Type.valueOf(column[1].toUpperCase(Locale.ROOT)),
                Flag.ByCommand.parse(column[2], text -> text),
                Flag.ByCommand.parse(
                    column[3], word -> Flag.Status.valueOf(word.toUpperCase(Locale.ROOT))),
                new LinkedHashSet<>(List.of(column[4].split(" "))),
                Flag.ByCommand.parseTexts(column[5])));
      }
    }
    return new FlagCatalog(flags);
  }

  private static String resource() {
    try (InputStream stream = FlagCatalog.class.getResourceAsStream(RESOURCE)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every flag, in the catalogue's order. */
  Collection<Flag> all() {
    return flags.values();
  }

  /** The flags of a command, in the catalogue's order. */
  List<Flag> of(String command) {
    return flags.values().stream().filter(flag -> flag.isTakenBy(command)).toList();
  }

  /** The flag of that name in any command; dashes count as underscores. */
  Optional<Flag> find(String name) {
    return Optional.ofNullable(flags.get(name.replace('-', '_')));
  }

  /**
   * The flag of that name in a command.
   *
   * @throws ConfigException naming the nearest flag of the command if there is none
   */
  Flag require(String command, String name, String value) {
    Optional<Flag> flag = find(name);
    if (flag.isPresent() && flag.get().isTakenBy(command)) {
      return flag.get();
    }
    if (flag.isPresent()) {
      throw new ConfigException(
          name,
          flag.get().shown(value),
          "%s does not take this flag; it belongs to %s"
              .formatted(command, String.join(", ", flag.get().commands())));
    }
    Flag nearest = nearest(command, name.replace('-', '_'));
    throw new ConfigException(
        name,
        nearest.shown(value), // a mistyped secret is one as well
        "there is no such flag; did you mean %s?".formatted(nearest.name()));
  }

  /** Only among flags that do something: who mistypes lora_rank does not mean local_rank. */
  private Flag nearest(String command, String name) {
    return of(command).stream()
        .filter(known -> known.status(command) == Flag.Status.SUPPORTED)
        .min(Comparator.comparingInt(known -> EditDistance.between(name, known.name())))
        .orElseThrow();
  }
}
