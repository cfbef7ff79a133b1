package org.sparklora.pipeline.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/**
 * The settings of one command: what the user gave, over the defaults. Values are checked for their
 * type when they are read from the command line, for their meaning by the records made of them.
 *
 * <p>Immutable and thread-safe.
 */
public final class Settings {
  private final String command;
  private final Map<String, List<String>> given;
  private final Map<String, String> places;

  /**
   * @param places the files in which some of them were given; the others stood on the command line
   */
  Settings(String command, Map<String, List<String>> given, Map<String, String> places) {
    this.command = command;
    this.given = Map.copyOf(given);
    this.places = Map.copyOf(places);
  }

  /** The command they were given to. */
  public String command() {
    return command;
  }

  /** Whether the user set it, on the command line or in the file. */
  public boolean isGiven(String name) {
    return given.containsKey(name);
  }

  /** The same settings, with this value where the user set none. */
  public Settings withDefault(String name, String value) {
    if (isGiven(name)) {
      return this;
    }
    Map<String, List<String>> more = new LinkedHashMap<>(given);
    more.put(name, List.of(value));
    return new Settings(command, more, places);
  }

  /** A problem with one of them, together with the file in which it was given, if it was in one. */
  public ConfigException located(ConfigException problem) {
    String place = places.get(problem.key());
    return place == null || !problem.place().isEmpty() ? problem : problem.in(place);
  }

  /** A setting without which the command makes no sense. */
  public String requiredText(String name) {
    return text(name)
        .orElseThrow(
            () ->
                new ConfigException(name, "unset", "%s needs it: --%s …".formatted(command, name)));
  }

  /** Its value or default, if it has one. */
  public Optional<String> text(String name) {
    List<String> values = values(name);
    return values.isEmpty() ? Optional.empty() : Optional.of(values.get(0));
  }

  /** Its values, or those of its default. */
  public List<String> values(String name) {
    Flag flag = FlagCatalog.shared().find(name).orElseThrow();
    return given.getOrDefault(name, flag.defaultValue(command).map(List::of).orElse(List.of()));
  }

  /** A whole number that has a default. */
  public int integer(String name) {
    return Integer.parseInt(text(name).orElseThrow());
  }

  /** A whole number without a default. */
  public Optional<Integer> optionalInteger(String name) {
    return text(name).map(Integer::valueOf);
  }

  /** A number that has a default. */
  public double number(String name) {
    return Double.parseDouble(text(name).orElseThrow());
  }

  /** A switch that has a default. */
  public boolean isOn(String name) {
    return Boolean.parseBoolean(text(name).orElseThrow().toLowerCase(Locale.ROOT));
  }

  /** A switch without a default: unset lets the data decide. */
  public Optional<Boolean> optionalSwitch(String name) {
    return text(name).map(Boolean::valueOf);
  }

  /** One of a few words; the first is not special. */
  public String oneOf(String name, List<String> words) {
    String value = requiredText(name);
    ConfigException.require(
        words.contains(value), name, value, "use " + String.join(" or ", words));
    return value;
  }

  /** One of an enumeration's constants, by its name in small letters. */
  public <E extends Enum<E>> E oneOf(String name, Class<E> type) {
    List<E> constants = List.of(type.getEnumConstants());
    List<String> words =
        constants.stream().map(constant -> constant.name().toLowerCase(Locale.ROOT)).toList();
    return constants.get(words.indexOf(oneOf(name, words)));
  }

  /**
   * Refuses what the user set and what has no meaning in this task of a command that has several.
   *
   * @param flag that names the task
   * @param tasks all of them: each has the flags that the command of its name takes as well
   */
  public void requireUseful(String flag, String task, List<String> tasks) {
    for (Flag set : FlagCatalog.shared().of(command)) {
      List<String> useful = tasks.stream().filter(set::isTakenBy).toList();
      if (isGiven(set.name()) && !useful.isEmpty() && !useful.contains(task)) {
        throw new ConfigException(
            set.name(),
            set.shown(String.join(" ", values(set.name()))),
            "--%s %s has no use for it; leave it out, or say --%s %s"
                .formatted(flag, task, flag, String.join(" or ", useful)));
      }
    }
  }

  /** All supported settings but secrets with their values, as YAML that {@code --config} reads. */
  public String toYaml() {
    Map<String, Object> effective = new LinkedHashMap<>();
    for (Flag flag : FlagCatalog.shared().of(command)) {
      List<String> values = values(flag.name());
      if (flag.status(command) == Flag.Status.SUPPORTED
          && !values.isEmpty()
          && flag.type() != Flag.Type.SECRET
          && !flag.name().equals("config")) {
        effective.put(flag.name(), values.size() > 1 ? values : scalar(flag, values.get(0)));
      }
    }
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    return new Yaml(options).dump(effective);
  }

  private static Object scalar(Flag flag, String value) {
    return switch (flag.type()) {
      case INT -> Integer.valueOf(value);
      case FLOAT -> Double.valueOf(value);
      case BOOL -> Boolean.valueOf(value);
      case STR, ENUM, LIST, TEXTS, SECRET -> value;
    };
  }
}
