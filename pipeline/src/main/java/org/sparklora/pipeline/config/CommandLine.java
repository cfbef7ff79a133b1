package org.sparklora.pipeline.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads flags as Hugging Face's argument parser does, and TRL's YAML files.
 *
 * <pre>
 * --learning_rate 2e-4   --learning_rate=2e-4   --lora_target_modules q_proj v_proj
 * --packing   --packing true   --no_packing   --config conf/sft.yaml
 * </pre>
 *
 * Flags win over the file; the last of several equal flags wins; dashes in names count as
 * underscores. Former names of a flag are read as the flag; commas, too, separate list words.
 */
public final class CommandLine {
  /** Words of a list; a value with other characters, such as a regular expression, is not split. */
  private static final Pattern WORDS = Pattern.compile("[\\w.+$-]+([,\\s]+[\\w.+$-]+)*,?");

  /** Paths that are written to, or belong to such a path: relative to the working directory. */
  private static final List<Flag<?>> PLACES =
      List.of(
          Flags.OUTPUT_DIR,
          Flags.OUTPUT,
          Flags.RESUME_FROM_CHECKPOINT,
          Flags.STAGING_DIR,
          Flags.PACKED_DIR,
          Flags.PROMPTS_DIR,
          Flags.VLLM_ADAPTER_DIR);

  private final String command;
  private final Map<String, List<String>> given = new LinkedHashMap<>();
  private final Map<String, String> places = new LinkedHashMap<>(); // flag → file that set it
  private final Map<String, String> spellings = new HashMap<>(); // flag → name used
  private final List<String> notes = new ArrayList<>();
  private final Map<String, String> found = new LinkedHashMap<>(); // flag → where its file lies

  private CommandLine(String command) {
    this.command = command;
  }

  /** Settings, and a note for each accepted flag without effect and each former name. */
  public record Parsed(Settings settings, List<String> notes) {}

  /**
   * Reads the arguments after the command's name.
   *
   * @throws ConfigException for an unknown or unsupported flag, or a value of the wrong type
   */
  public static Parsed parse(String command, List<String> arguments) {
    return parse(command, split(command, arguments));
  }

  /**
   * Reads flags that are apart from their words; dashes in names count as underscores.
   *
   * @param words the words of each flag; none switches a flag on
   * @throws ConfigException for an unknown or unsupported flag, or a value of the wrong type
   */
  public static Parsed parse(String command, Map<String, List<String>> words) {
    Map<String, List<String>> flags = new LinkedHashMap<>();
    words.forEach((name, values) -> flags.put(name.replace('-', '_'), values));
    String task = String.join(" ", flags.getOrDefault(Flags.TASK.name(), List.of()));
    CommandLine line = new CommandLine(CommandNames.withTask(command, task));
    boolean ownFile = Flags.CONFIG.statuses().of(command) == Flag.Status.OWN;
    List<String> config = ownFile ? null : flags.remove(Flags.CONFIG.name());
    if (config != null) {
      Path file = LocalPath.of(Flags.CONFIG.name(), single(Flags.CONFIG, config));
      line.readFile(file);
      line.given.keySet().forEach(name -> line.places.put(name, file.toString()));
      line.spellings.clear();
    }
    flags.forEach(line::put);
    line.found.keySet().retainAll(line.places.keySet()); // a flag wins over the file
    line.notes.addAll(line.found.values());
    line.putPreset();
    Settings settings = new Settings(line.command, line.given, line.places);
    line.notes.addAll(settings.notes());
    return new Parsed(settings, List.copyOf(line.notes));
  }

  /**
   * Reads settings that are part of a larger file.
   *
   * @param entries the settings by name; null means "unset"
   * @param place the file, for messages
   * @throws ConfigException for an unknown or unsupported flag, or a value of the wrong type
   */
  public static Settings ofEntries(
      String command, Map<String, SettingsFile.Value> entries, String place) {
    CommandLine line = new CommandLine(command);
    try {
      entries.forEach((name, value) -> line.putFromFile(name, value, place));
    } catch (ConfigException e) {
      throw e.place().isEmpty() ? e.in(place) : e;
    }
    line.putPreset();
    line.given.keySet().forEach(name -> line.places.put(name, place));
    return new Settings(command, line.given, line.places);
  }

  /**
   * The name of the command in help and messages: with the task of its arguments if the task has
   * flags and defaults of its own, {@code check --task grpo}.
   */
  public static String withTask(String command, List<String> arguments) {
    List<String> words = arguments.stream().flatMap(word -> Stream.of(word.split("=", 2))).toList();
    int task = words.lastIndexOf("--" + Flags.TASK);
    return task >= 0 && task + 1 < words.size()
        ? CommandNames.withTask(command, words.get(task + 1))
        : command;
  }

  /** Splits the arguments: flag → the words after it. */
  private static Map<String, List<String>> split(String command, List<String> arguments) {
    Map<String, List<String>> flags = new LinkedHashMap<>();
    List<String> values = null;
    for (String argument : arguments) {
      if (argument.startsWith("--")) {
        int equals = argument.indexOf('=');
        String name =
            argument.substring(2, equals < 0 ? argument.length() : equals).replace('-', '_');
        values = new ArrayList<>();
        if (equals >= 0) {
          values.add(argument.substring(equals + 1));
        }
        flags.remove(name); // the last one counts, also as the place of a name among the others
        flags.put(name, values);
      } else if (values == null) {
        throw new ConfigException(
            "the command line",
            argument,
            "a flag must come first; %s --help lists them".formatted(command));
      } else {
        values.add(argument);
      }
    }
    return flags;
  }

  private static String single(Flag<?> flag, List<String> values) {
    ConfigException.require(
        values.size() == 1,
        flag,
        flag.shown(String.join(" ", values)),
        "one value is expected, not " + values.size());
    return values.get(0);
  }

  /** The name here of a flag that a file names by a former name or with dashes. */
  public static String nameHere(String name) {
    return OtherNames.current(name).orElse(name.replace('-', '_'));
  }

  private void readFile(Path file) {
    Map<String, SettingsFile.Value> entries = new LinkedHashMap<>(SettingsFile.read(file));
    SettingsFile.Value datasets = entries.get(Flags.DATASETS.name());
    if (datasets != null && datasets.isListOfMaps()) { // as in TRL's files of settings
      entries.put(Flags.DATASETS.name(), new SettingsFile.Value(file.toString(), file.toString()));
      entries.remove(SettingsFile.TEST_SPLIT_SIZE);
    }
    try {
      entries.forEach((name, value) -> putFromFile(name, value, file.toString()));
    } catch (ConfigException e) {
      throw e.in(file.toString());
    }
  }

  private void putFromFile(String name, SettingsFile.Value value, String file) {
    FlagCatalog catalog = FlagCatalog.shared();
    ConfigException.require(
        !name.equals(Flags.CONFIG.name()),
        name,
        value.typed(),
        "a file cannot name another; put its keys here");
    if (value.typed() == null) { // no limit for a flag that may have none, else "unset"
      Optional<Flag<?>> known = catalog.find(nameHere(name));
      if (known.isEmpty()) {
        catalog.require(command, name, "null"); // throws; names the nearest flag
      }
      known
          .filter(flag -> flag.isTakenBy(command) && flag.type().mayBeUnlimited())
          .ifPresent(flag -> put(name, List.of(FlagType.UNLIMITED)));
      return;
    }
    Flag<?> flag = catalog.require(command, name, String.valueOf(value.typed()));
    boolean mayBeEmpty = flag == Flags.REPORT_TO || !flag.isEffective(command);
    if (mayBeEmpty && (value.typed().equals(List.of()) || value.typed().equals(Map.of()))) {
      return; // no trackers, or nothing of an unsupported flag: the default, as in TRL
    }
    // the YAML type of a flag without effect is not checked: TRL may take a list or a map
    List<String> words =
        flag.isEffective(command) ? value.words(flag) : List.of(String.valueOf(value.written()));
    boolean read = flag.type().isPath() && !PLACES.contains(flag) && !file.isEmpty();
    List<String> there =
        read ? words.stream().map(word -> LocalPath.found(Path.of(file), word)).toList() : words;
    put(name, there);
    if (!there.equals(words)) {
      found.put(
          flag.name(),
          "%s = %s (%s) does not exist here; taking %s"
              .formatted(flag, String.join(" ", words), file, String.join(" ", there)));
    }
  }

  /** Applies a preset to flags that are not given. */
  private void putPreset() {
    List<String> preset = given.get(Flags.PRESET.name());
    if (preset == null) {
      return;
    }
    for (String line : FlagCatalog.resource("presets.tsv").split("\n")) {
      String[] column = line.split("\t"); // preset, commands, flag, words
      if (preset.equals(List.of(column[0]))
          && List.of(column[1].split(" ")).contains(CommandNames.wholeRun(command))
          && !given.containsKey(column[2])) {
        put(column[2], List.of(column[3].split(" ")));
      }
    }
  }

  private void put(String name, List<String> values) {
    FlagCatalog catalog = FlagCatalog.shared();
    String text = values.isEmpty() ? "true" : String.join(" ", values);
    Flag<?> off = name.startsWith("no_") ? catalog.find(name.substring(3)).orElse(null) : null;
    if (off != null && off.type() == FlagType.BOOL && values.isEmpty()) {
      put(off.name(), List.of("false"));
      return;
    }
    Flag<?> flag = catalog.require(command, name, text);
    requireOneSpelling(flag, name, text);
    if (isUnset(flag, text)) {
      given.remove(flag.name()); // whatever the file says
      return;
    }
    switch (flag.statuses().of(command)) {
      case SUPPORTED, OWN -> {
        List<String> parsed = parse(flag, values);
        ConfigException.require(
            values.stream().noneMatch(flag.type().isPath() ? String::isBlank : String::isEmpty),
            flag,
            "\"%s\"".formatted(text),
            "an empty text is no value; leave the flag out where none is meant");
        flag.requireAllowed(command, parsed);
        given.put(flag.name(), parsed);
        places.remove(flag.name());
      }
      case ACCEPTED ->
          notes.add(
              "--%s is accepted and changes nothing: %s"
                  .formatted(flag.name(), flag.notes().of(command)));
      case REFUSED ->
          ConfigException.require(
              isDefault(flag, parse(flag, values)),
              flag,
              text,
              "TRL knows this flag, spark-lora does not support it: %s; leave it out"
                  .formatted(flag.notes().of(command)));
    }
  }

  /** Whether a text is TRL's None of a number that has no default, or 0, which TRL has as None. */
  private boolean isUnset(Flag<?> flag, String text) {
    return flag.type().isNumber()
        && !flag.type().mayBeUnlimited()
        && FlagType.isNone(text)
        && flag.defaultValue(command).filter(usual -> Double.parseDouble(usual) != 0).isEmpty();
  }

  private void requireOneSpelling(Flag<?> flag, String name, String text) {
    String other = spellings.put(flag.name(), name.replace('-', '_'));
    ConfigException.require(
        other == null || other.equals(name.replace('-', '_')),
        name,
        flag.shown(text),
        "%s says the same; leave one of them out".formatted(other));
    if (OtherNames.current(name).isPresent()) {
      notes.add(OtherNames.note(name));
    }
  }

  private boolean isDefault(Flag<?> flag, List<String> parsed) {
    String off = flag.type() == FlagType.BOOL ? "false" : "";
    return parsed.equals(List.of(flag.defaultValue(command).map(flag::parse).orElse(off)));
  }

  private static List<String> parse(Flag<?> flag, List<String> values) {
    if (flag.type() == FlagType.BOOL && values.isEmpty()) {
      return List.of("true");
    }
    ConfigException.require(!values.isEmpty(), flag, "unset", "a value is expected after the flag");
    if (flag.type().isWords()) {
      return values.stream().flatMap(CommandLine::words).map(flag::parse).toList();
    }
    if (flag.type().isList()) {
      return values.stream().map(flag::parse).toList();
    }
    return List.of(flag.parse(single(flag, values)));
  }

  private static Stream<String> words(String value) {
    return WORDS.matcher(value.strip()).matches()
        ? Arrays.stream(value.strip().split("[,\\s]+"))
        : Stream.of(value);
  }
}
