package org.sparklora.pipeline.config;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One flag of the catalogue. Code refers to flags by the constants of {@link Flags}, never by name;
 * {@code toString} is the name.
 *
 * @param <T> type of the value: a text, a number, a boolean, or a list of them
 * @param name as in TRL, with underscores
 * @param section the section of the help that lists it
 * @param defaults its default as text; empty for none
 * @param need other flags, without one of which this one has no effect
 * @param identities whether a resumed run may change it
 * @param notes its meaning; for an unsupported flag what applies instead
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

  /** In place of a default: the command requires the flag. */
  private static final String REQUIRED = "required";

  /** The support of a flag in spark-lora. */
  enum Status {
    /** Has the effect that it has in TRL. */
    SUPPORTED,
    /** Has an effect for which TRL has no flag. */
    OWN,
    /** Has no effect; a note says why. */
    ACCEPTED,
    /** Refused, unless it is given its default. */
    REFUSED
  }

  /** Whether a run may resume from a checkpoint of a run with another value. */
  enum Identity {
    NONE,
    FIXED,
    CHANGEABLE
  }

  /** Other flags, one of which must have one of {@code values}, or else a flag has no effect. */
  record Need(List<String> flags, List<String> values) {
    /** Reads {@code flag}, {@code flag|flag} or {@code flag=value|value}. */
    static Need parse(String cell) {
      String[] parts = cell.split("=", 2);
      return new Need(
          List.of(parts[0].split("\\|")),
          parts.length == 1 ? List.of("true") : List.of(parts[1].split("\\|")));
    }

    @Override
    public String toString() {
      return "--"
          + String.join(" or --", flags)
          + (values.contains("true") ? "" : " " + String.join(" or ", values));
    }
  }

  /** The flags of the command that this one needs there; empty if it needs none. */
  Optional<Need> need(String command) {
    return need.map(
            all ->
                new Need(
                    all.flags.stream()
                        .filter(name -> Flags.named(name).isTakenBy(command))
                        .toList(),
                    all.values))
        .filter(taken -> !taken.flags.isEmpty());
  }

  /** The text of a value in messages; hides secrets. */
  String shown(String text) {
    return type == FlagType.SECRET ? HIDDEN : text;
  }

  boolean isTakenBy(String command) {
    return commands.contains(CommandNames.word(command))
        || commands.contains(CommandNames.wholeRun(command));
  }

  boolean isEffective(String command) {
    Status status = statuses.of(command);
    return status == Status.SUPPORTED || status == Status.OWN;
  }

  boolean isRequired(String command) {
    return defaults.of(command).equals(REQUIRED);
  }

  /** The default, in the catalogue's spelling. */
  Optional<String> defaultValue(String command) {
    String text = defaults.of(command);
    return text.isEmpty() || isRequired(command) ? Optional.empty() : Optional.of(text);
  }

  /** The allowed words in a command; empty if any value is allowed, or values are not words. */
  public List<String> words(String command) {
    return values.of(command) instanceof AllowedValues.Words allowed ? allowed.words() : List.of();
  }

  /** The value in its canonical spelling. */
  String parse(String text) {
    return type.parse(name, text);
  }

  /** Refuses the first value, in canonical spelling, that the command does not allow. */
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
