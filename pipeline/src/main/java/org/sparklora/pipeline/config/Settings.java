package org.sparklora.pipeline.config;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/**
 * The settings of one command: what the user gave, over the defaults. A value is checked as its
 * flag is declared when it is read from the command line or a file; how several go together is
 * checked by the records made of them.
 *
 * <p>Immutable, thread-safe, and serialisable so that tasks can have settings of their own.
 */
public final class Settings implements Serializable {
  private static final long serialVersionUID = 1L;

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
  public boolean isGiven(Flag<?> flag) {
    return given.containsKey(flag.name());
  }

  /** The same settings, with this value where the user set none. */
  public Settings withDefault(Flag<?> flag, String value) {
    if (isGiven(flag)) {
      return this;
    }
    Map<String, List<String>> more = new LinkedHashMap<>(given);
    more.put(flag.name(), List.of(value));
    return new Settings(command, more, places);
  }

  /** The same settings, with this value in place of any other. */
  public Settings with(Flag<?> flag, String value) {
    Map<String, List<String>> more = new LinkedHashMap<>(given);
    more.put(flag.name(), List.of(value));
    return new Settings(command, more, places);
  }

  /** A problem with one of them, together with the file in which it was given, if it was in one. */
  public ConfigException located(ConfigException problem) {
    String place = places.get(problem.key());
    return place == null || !problem.place().isEmpty() ? problem : problem.in(place);
  }

  /**
   * Its value or default.
   *
   * @throws ConfigException if it has neither: the command makes no sense without
   */
  public <T> T get(Flag<T> flag) {
    return find(flag)
        .orElseThrow(
            () ->
                new ConfigException(flag, "unset", "%s needs it: --%s …".formatted(command, flag)));
  }

  /** Its value as the constant of that name, in small letters. */
  public <E extends Enum<E>> E get(Flag<String> flag, Class<E> type) {
    return Enum.valueOf(type, get(flag).toUpperCase(Locale.ROOT));
  }

  /** Its value or default, if it has one. */
  public <T> Optional<T> find(Flag<T> flag) {
    List<String> texts = texts(flag);
    @SuppressWarnings("unchecked") // Flags declares each of the type that this reads
    T value = texts.isEmpty() ? null : (T) flag.type().value(texts);
    return Optional.ofNullable(value);
  }

  /** Its value or default in canonical spelling; empty if it has neither. */
  public String text(Flag<?> flag) {
    return String.join(" ", texts(flag));
  }

  List<String> texts(Flag<?> flag) {
    List<String> set = given.get(flag.name());
    return set != null
        ? set
        : flag.defaultValue(command).map(flag::parse).map(List::of).orElse(List.of());
  }

  /** Whether it changes nothing, since another that it needs is not set. */
  boolean isIdle(Flag<?> flag) {
    return flag.need()
        .filter(
            need -> {
              Flag<?> other = FlagCatalog.shared().find(need.flag()).orElseThrow();
              return other.isTakenBy(command) && !need.values().contains(text(other));
            })
        .isPresent();
  }

  /** Whether it has a value here that changes something. */
  private boolean isEffective(Flag<?> flag) {
    return flag.isEffective(command) && !isIdle(flag) && find(flag).isPresent();
  }

  /**
   * Why a flag that somebody set changes nothing here; empty where it does something.
   *
   * @param name one that the command takes
   */
  public Optional<String> whyIdle(String name) {
    Flag<?> flag = FlagCatalog.shared().require(command, OtherNames.current(name).orElse(name), "");
    if (isEffective(flag)) {
      return Optional.empty();
    }
    return Optional.of(
        flag.isEffective(command)
            ? flag.need().map(need -> "it needs " + need).orElse("it has no value")
            : flag.notes().of(command));
  }

  /** A line for each flag that was set and changes nothing, since another is not set. */
  public List<String> notes() {
    return IdleFlags.notes(this);
  }

  /**
   * Refuses what the user set and what has no meaning in this task of a command that has several.
   *
   * @param task one of {@code tasks}, each of which has the flags that the command of its name
   *     takes as well
   */
  public void requireUseful(String task, List<String> tasks) {
    for (Flag<?> set : FlagCatalog.shared().of(command)) {
      List<String> useful = tasks.stream().filter(set::isTakenBy).toList();
      if (isGiven(set) && !useful.isEmpty() && !useful.contains(task)) {
        throw new ConfigException(
            set,
            set.shown(text(set)),
            "--%s %s has no use for it; leave it out, or say --%s %s"
                .formatted(Flags.TASK, task, Flags.TASK, String.join(" or ", useful)));
      }
    }
  }

  /** What a run must have in common with the one it goes on from, by flag; "unset" for no value. */
  public Map<String, String> fixed() {
    return identity(Flag.Identity.FIXED);
  }

  /** What may differ in a run from the one it goes on from, which a line then says. */
  public Map<String, String> changeable() {
    return identity(Flag.Identity.CHANGEABLE);
  }

  /** What does something in this command, by flag, in canonical spelling; without secrets. */
  public Map<String, String> effective() {
    Map<String, String> values = new LinkedHashMap<>();
    FlagCatalog.shared().of(command).stream()
        .filter(flag -> isEffective(flag) && flag.type() != FlagType.SECRET)
        .forEach(flag -> values.put(flag.name(), text(flag)));
    return values;
  }

  private Map<String, String> identity(Flag.Identity part) {
    Map<String, String> values = new LinkedHashMap<>();
    FlagCatalog.shared().of(command).stream()
        .filter(flag -> flag.identities().of(command) == part)
        .filter(flag -> flag.isEffective(command) && !isIdle(flag))
        .forEach(flag -> values.put(flag.name(), find(flag).isPresent() ? text(flag) : "unset"));
    return values;
  }

  /**
   * A value of a flag as programs have it: a Boolean, an Integer or a Double, and a text for all
   * others.
   *
   * @param name of a flag of this command
   * @param text in canonical spelling
   * @return empty for an empty text, which stands for no value, and for a length without a limit
   */
  public Optional<Object> typed(String name, String text) {
    FlagType type = FlagCatalog.shared().require(command, name, "").type();
    if (text.isEmpty() || type == FlagType.LENGTH && text.equals(FlagType.UNLIMITED)) {
      return Optional.empty();
    }
    return Optional.of(type.isNumber() || type == FlagType.BOOL ? type.value(List.of(text)) : text);
  }

  /** The paths that the user set, by flag. */
  public Map<Flag<?>, List<String>> paths() {
    Map<Flag<?>, List<String>> paths = new LinkedHashMap<>();
    FlagCatalog.shared().of(command).stream()
        .filter(flag -> flag.type().isPath() && isGiven(flag))
        .forEach(flag -> paths.put(flag, texts(flag)));
    return paths;
  }

  /** All supported settings but secrets with their values, as YAML that {@code --config} reads. */
  public String toYaml() {
    Map<String, Object> effective = new LinkedHashMap<>();
    for (Flag<?> flag : FlagCatalog.shared().of(command)) {
      List<String> values = texts(flag);
      if (flag.isEffective(command)
          && !values.isEmpty()
          && flag.type() != FlagType.SECRET
          && flag != Flags.CONFIG) {
        effective.put(flag.name(), flag.type().yaml(values));
      }
    }
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    return new Yaml(options).dump(effective);
  }
}
