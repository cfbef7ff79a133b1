package org.sparklora.pipeline.config;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One flag of the catalogue. Its name, which is also its text, is written nowhere else: the
 * constants of {@link Flags} stand for it.
 *
 * @param <T> what it is set to: a text, a number, a truth value, or a list of them
 * @param name as in TRL, with underscores
 * @param section under which help shows it
 * @param type of its values
 * @param defaults its default as text; empty for none
 * @param statuses what becomes of it here
 * @param commands that take it
 * @param values which of the type's it may have
 * @param need what else must be set, or it changes nothing
 * @param identities whether runs that differ in it are different runs
 * @param notes what it means, or for an unsupported one what holds instead
 */
public record Flag<T>(
    String name,
    String section,
    FlagType type,
    ByCommand<String> defaults,
    ByCommand<Status> statuses,
    Set<String> commands,
    ByCommand<AllowedValues> values,
    Optional<Need> need,
    ByCommand<Identity> identities,
    ByCommand<String> notes) {

  static final String HIDDEN = "(hidden)";

  /** In place of a default: the command makes no sense without the flag. */
  private static final String REQUIRED = "required";

  /** What becomes of a flag. */
  enum Status {
    /** Does what it does in TRL. */
    SUPPORTED,
    /** Does something that TRL has no flag for. */
    OWN,
    /** Changes nothing; a line says why. */
    ACCEPTED,
    /** Refused, unless it is given its default. */
    REFUSED
  }

  /** Whether a run may go on from a checkpoint of one that has another value. */
  enum Identity {
    NONE,
    FIXED,
    CHANGEABLE
  }

  /**
   * Another flag, without which one changes nothing.
   *
   * @param values any of which it must have
   */
  record Need(String flag, List<String> values) {
    /** Reads {@code flag} or {@code flag=value|value}. */
    static Need parse(String cell) {
      String[] parts = cell.split("=", 2);
      return new Need(
          parts[0], parts.length == 1 ? List.of("true") : List.of(parts[1].split("\\|")));
    }

    @Override
    public String toString() {
      return "--" + flag + (values.contains("true") ? "" : " " + String.join(" or ", values));
    }
  }

  /** A value as messages may show it. */
  String shown(String text) {
    return type == FlagType.SECRET ? HIDDEN : text;
  }

  boolean isTakenBy(String command) {
    return commands.contains(Commands.word(command))
        || commands.contains(Commands.wholeRun(command));
  }

  /** Whether it does something there. */
  boolean isEffective(String command) {
    Status status = statuses.of(command);
    return status == Status.SUPPORTED || status == Status.OWN;
  }

  /** Whether the user has to give it. */
  boolean isRequired(String command) {
    return defaults.of(command).equals(REQUIRED);
  }

  /** As the catalogue writes it. */
  Optional<String> defaultValue(String command) {
    String text = defaults.of(command);
    return text.isEmpty() || isRequired(command) ? Optional.empty() : Optional.of(text);
  }

  /** The words it may be in a command; empty if it may be any, or is no word. */
  public List<String> words(String command) {
    return values.of(command) instanceof AllowedValues.Words allowed ? allowed.words() : List.of();
  }

  /** The value in its canonical spelling. */
  String parse(String text) {
    return type.parse(name, text);
  }

  /**
   * Checks values in their canonical spelling.
   *
   * @throws ConfigException for the first that the flag may not have there
   */
  void requireAllowed(String command, List<String> texts) {
    AllowedValues allowed = values.of(command);
    for (String text : texts) {
      if (!allowed.contain(text)) {
        String usual = defaultValue(command).map("; %s is the default"::formatted).orElse("");
        throw new ConfigException(this, text, allowed.remedy() + usual);
      }
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
