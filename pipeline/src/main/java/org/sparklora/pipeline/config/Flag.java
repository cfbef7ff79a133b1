package org.sparklora.pipeline.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * One flag of the catalogue.
 *
 * @param name as in TRL, with underscores
 * @param group under which help shows it
 * @param type of its values
 * @param defaults its default as text; empty for none
 * @param statuses what becomes of it here
 * @param commands that take it
 * @param notes what it means, or for an unsupported one what holds instead
 */
record Flag(
    String name,
    String group,
    Type type,
    ByCommand<String> defaults,
    ByCommand<Status> statuses,
    Set<String> commands,
    ByCommand<String> notes) {

  /** How values are read. */
  enum Type {
    STR,
    ENUM,
    INT,
    FLOAT,
    BOOL,
    /** Words, parted by spaces or commas. */
    LIST,
    /** Texts in which spaces and commas may stand, each an argument of its own. */
    TEXTS,
    /** A text that nobody is shown: in no message, and not among the settings that are written. */
    SECRET
  }

  static final String HIDDEN = "(hidden)";

  /** In place of a default: the command makes no sense without the flag. */
  private static final String REQUIRED = "required";

  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");

  /** A value as messages may show it. */
  String shown(String text) {
    return type == Type.SECRET ? HIDDEN : text;
  }

  /** What becomes of a flag. */
  enum Status {
    /** Does what it does in TRL. */
    SUPPORTED,
    /** Changes nothing; a line says why. */
    ACCEPTED,
    /** Refused, unless it is given its default. */
    REFUSED
  }

  /**
   * {@code check} looks at the settings of a run, {@code update} is a part of one: they take all
   * settings of the run's command.
   */
  private static final Map<String, String> WHOLE_RUNS =
      Map.of("check", "sft", "check --task grpo", "grpo", "update", "grpo");

  /** The command as the catalogue knows it: a task may stand for flags and defaults of its own. */
  static String withTask(String command, String task) {
    String named = command + " --task " + task;
    return WHOLE_RUNS.containsKey(named) ? named : command;
  }

  boolean isTakenBy(String command) {
    return commands.contains(word(command))
        || commands.contains(WHOLE_RUNS.getOrDefault(command, ""));
  }

  private static String word(String command) {
    return command.split(" ", 2)[0];
  }

  /** Whether the user has to give it. */
  boolean isRequired(String command) {
    return defaults.of(command).equals(REQUIRED);
  }

  Optional<String> defaultValue(String command) {
    String text = defaults.of(command);
    return text.isEmpty() || isRequired(command) ? Optional.empty() : Optional.of(text);
  }

  Status status(String command) {
    return statuses.of(command);
  }

  String note(String command) {
    return notes.of(command);
  }

  /** The value in its canonical spelling. */
  String parse(String text) {
    return switch (type) {
      case STR, ENUM, LIST, TEXTS, SECRET -> text;
      case INT -> Integer.toString(parseInt(text));
      case FLOAT -> Double.toString(parseDouble(text));
      case BOOL -> Boolean.toString(parseBoolean(text));
    };
  }

  private int parseInt(String text) {
    try {
      return Integer.parseInt(text.trim());
    } catch (NumberFormatException e) {
      throw new ConfigException(name, text, "a whole number is expected");
    }
  }

  private double parseDouble(String text) {
    // Java's own spellings (NaN, 1f, 0x1p3) are slips here; no setting means anything when infinite
    if (!NUMBER.matcher(text.trim()).matches()) {
      throw new ConfigException(name, text, "a number is expected");
    }
    double number = Double.parseDouble(text.trim());
    if (Double.isInfinite(number)) {
      throw new ConfigException(name, text, "a number of at most 1.8e308 is expected");
    }
    return number;
  }

  /** The spellings of Hugging Face's argument parser. */
  private boolean parseBoolean(String text) {
    return switch (text.toLowerCase(java.util.Locale.ROOT)) {
      case "yes", "true", "t", "y", "1" -> true;
      case "no", "false", "f", "n", "0" -> false;
      default -> throw new ConfigException(name, text, "true or false is expected");
    };
  }

  /**
   * What most commands have in common, and what differs in some.
   *
   * @param usual where a command has none of its own
   */
  record ByCommand<T>(T usual, Map<String, T> own) {

    /** Reads {@code usual command=own …}, where any part may be missing. */
    static <T> ByCommand<T> parse(String cell, Function<String, T> value) {
      String usual = "";
      Map<String, T> own = new LinkedHashMap<>();
      for (String word : cell.split(" ")) {
        int equals = word.indexOf('=');
        if (equals < 0) {
          usual = word;
        } else {
          own.put(word.substring(0, equals), value.apply(word.substring(equals + 1)));
        }
      }
      return new ByCommand<>(value.apply(usual), Map.copyOf(own));
    }

    /** Reads {@code usual || command,command: own || …}, texts with spaces. */
    static ByCommand<String> parseTexts(String cell) {
      String[] texts = cell.split(" \\|\\| ");
      Map<String, String> own = new LinkedHashMap<>();
      for (String text : List.of(texts).subList(1, texts.length)) {
        String[] parts = text.split(": ", 2);
        for (String command : parts[0].split(",")) {
          own.put(command, parts[1]);
        }
      }
      return new ByCommand<>(texts[0], Map.copyOf(own));
    }

    T of(String command) {
      T ofWholeRun = own.getOrDefault(WHOLE_RUNS.getOrDefault(command, command), usual);
      return own.getOrDefault(word(command), ofWholeRun);
    }
  }
}
