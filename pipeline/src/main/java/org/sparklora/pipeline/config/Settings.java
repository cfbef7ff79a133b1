package org.sparklora.pipeline.config;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/**
 * The settings of one command: the user's values, else the defaults. Each value is checked against
 * its flag's declaration when it is read; the config records check combinations of values.
 *
 * <p>Immutable, thread-safe, and serialisable so that tasks can have their own settings.
 */
public final class Settings implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String command;
  private final Map<String, List<String>> given;
  private final Map<String, String> places;

  /**
   * @param places flag → file that set it; the other flags were set on the command line
   */
  Settings(String command, Map<String, List<String>> given, Map<String, String> places) {
    this.command = command;
    this.given = Map.copyOf(given);
    this.places = Map.copyOf(places);
  }

  public String command() {
    return command;
  }

  /** Whether the user set the flag, on the command line or in a file. */
  public boolean isGiven(Flag<?> flag) {
    return isGiven(flag.name());
  }

  /** The names of the flags that the user set. */
  public Set<String> given() {
    return given.keySet();
  }

  public boolean isGiven(String name) {
    return given.containsKey(name);
  }

  /**
   * Whether the user set the flag to another value than its default: files that runs write hold
   * defaults, too.
   */
  public boolean isChanged(Flag<?> flag) {
    return isGiven(flag) && !texts(flag).equals(defaults(flag));
  }

  /** Refuses flags that the user set to other values than their defaults. */
  public void requireDefaults(List<Flag<?>> flags, String remedy) {
    for (Flag<?> flag : flags) {
      ConfigException.require(!isChanged(flag), flag, text(flag), remedy);
    }
  }

  /** Whether this file set the flag. */
  public boolean isGivenBy(Path file, Flag<?> flag) {
    return places.containsKey(flag.name()) && file.equals(Path.of(places.get(flag.name())));
  }

  /** These settings, with this value if the user set none. */
  public Settings withDefault(Flag<?> flag, String value) {
    return isGiven(flag) ? this : with(flag, value);
  }

  public Settings with(Flag<?> flag, String value) {
    Map<String, List<String>> more = new LinkedHashMap<>(given);
    more.put(flag.name(), List.of(value));
    return new Settings(command, more, places);
  }

  /** A problem with one setting, with the file that set it, if a file did. */
  public ConfigException located(ConfigException problem) {
    String place = places.get(problem.key());
    return place == null || !problem.place().isEmpty() ? problem : problem.in(place);
  }

  /** The flag's value or default; without either, which the command requires, it is refused. */
  public <T> T get(Flag<T> flag) {
    return find(flag)
        .orElseThrow(
            () ->
                new ConfigException(flag, "unset", "%s needs it: --%s …".formatted(command, flag)));
  }

  /** The enum constant that the flag's value names in lower case. */
  public <E extends Enum<E>> E get(Flag<String> flag, Class<E> type) {
    return Enum.valueOf(type, get(flag).toUpperCase(Locale.ROOT));
  }

  /** The enum constant that the flag's value or default names in lower case, if it has one. */
  public <E extends Enum<E>> Optional<E> find(Flag<String> flag, Class<E> type) {
    return find(flag).map(value -> Enum.valueOf(type, value.toUpperCase(Locale.ROOT)));
  }

  /** The flag's value or default, if it has one. */
  public <T> Optional<T> find(Flag<T> flag) {
    List<String> texts = texts(flag);
    @SuppressWarnings("unchecked") // Flags declares each flag with the type that is read here
    T value = texts.isEmpty() ? null : (T) flag.type().value(texts);
    return Optional.ofNullable(value);
  }

  /** The entries of a flag whose value is a map; none if it is unset. */
  public Map<String, Object> entries(Flag<String> flag) {
    return find(flag).map(json -> FlagType.parseDict(flag.name(), json)).orElse(Map.of());
  }

  /** The flag's value or default in canonical spelling; empty if it has neither. */
  public String text(Flag<?> flag) {
    return String.join(" ", texts(flag));
  }

  List<String> texts(Flag<?> flag) {
    List<String> set = given.get(flag.name());
    return set != null ? set : defaults(flag);
  }

  private List<String> defaults(Flag<?> flag) {
    return flag.defaultValue(command).map(flag::parse).map(List::of).orElse(List.of());
  }

  /** Whether the flag has no effect, since a flag that it needs is not set. */
  boolean isIdle(Flag<?> flag) {
    return flag.need(command)
        .filter(
            need ->
                need.flags().stream()
                    .noneMatch(name -> need.values().contains(text(Flags.named(name)))))
        .isPresent();
  }

  /** Whether the flag has a value, and the value has an effect. */
  private boolean isEffective(Flag<?> flag) {
    return flag.isEffective(command) && !isIdle(flag) && find(flag).isPresent();
  }

  /** Why this flag of the command has no effect; empty if it has one. */
  public Optional<String> whyIdle(String name) {
    Flag<?> flag = FlagCatalog.shared().require(command, name, "");
    if (isEffective(flag)) {
      return Optional.empty();
    }
    return Optional.of(
        flag.isEffective(command)
            ? flag.need(command)
                .filter(need -> isIdle(flag))
                .map(need -> "it needs " + need)
                .orElse("it has no value")
            : flag.notes().of(command));
  }

  /**
   * One line for each flag without effect, since a flag that it needs is not set, whose value the
   * user changed. TRL ignores such flags silently; a note is needed since {@code --lora_r 64}
   * without {@code --use_peft} trains all weights.
   */
  public List<String> notes() {
    return FlagCatalog.shared().of(command).stream()
        .filter(flag -> isIdle(flag) && isChanged(flag))
        .map(
            flag ->
                "--%s changes nothing here: it needs %s"
                    .formatted(flag, flag.need(command).orElseThrow()))
        .toList();
  }

  /**
   * Refuses flags that the user set and that only other tasks of this command use.
   *
   * @param task one of {@code tasks}, each of which uses the flags of the command of the same name
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

  /** The settings that a resumed run may not change, by flag; "unset" for no value. */
  public Map<String, String> fixed() {
    return identity(Flag.Identity.FIXED);
  }

  /** The settings that a resumed run may change; it reports each change in a line. */
  public Map<String, String> changeable() {
    return identity(Flag.Identity.CHANGEABLE);
  }

  /** The settings with an effect, by flag, in canonical spelling; without secrets. */
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
   * A flag's value as an object: a Boolean, an Integer or a Double, and a text for all other types.
   *
   * @param name a flag of this command
   * @param text the value in canonical spelling
   * @return empty for an empty text, which means no value, for a number that is none, and for an
   *     unlimited length
   */
  public Optional<Object> typed(String name, String text) {
    FlagType type = FlagCatalog.shared().require(command, name, "").type();
    if (text.isEmpty()
        || type.isNumber() && FlagType.isNone(text)
        || type.mayBeUnlimited() && text.equals(FlagType.UNLIMITED)) {
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

  /** All effective flags but secrets with their values, as YAML for {@code --config}. */
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
