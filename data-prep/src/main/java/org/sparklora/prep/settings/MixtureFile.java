package org.sparklora.prep.settings;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Nearest;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.config.SettingsFile;
import org.sparklora.pipeline.config.SettingsFile.Value;
import org.sparklora.prep.Mixture;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.source.RowSelection.Held;
import org.sparklora.prep.source.RowSelection.Take;
import org.sparklora.prep.table.TableQuery;

/**
 * Reads the file of {@code --datasets}: TRL's {@code datasets} and {@code test_split_size}, with
 * keys of our own. Most keys of a dataset are flags under other names.
 */
final class MixtureFile {
  private static final String SHARE = SettingsFile.TEST_SPLIT_SIZE;
  private static final String FILTER = "filter";
  private static final String COLUMNS = "columns";
  private static final String WEIGHT = "weight";
  private static final String MAX_ROWS = "max_rows";
  private static final String SEED = "seed";

  /** The other keys, and the flags that they are for one dataset. */
  private static final Map<String, Flag<?>> FLAGS =
      Map.ofEntries(
          Map.entry("path", Flags.DATASET_NAME),
          Map.entry("name", Flags.DATASET_CONFIG),
          Map.entry("split", Flags.DATASET_TRAIN_SPLIT),
          Map.entry("format", Flags.DATASET_FORMAT),
          Map.entry("revision", Flags.DATASET_REVISION),
          Map.entry("order", Flags.DATASET_ORDER),
          Map.entry("text_column", Flags.DATASET_TEXT_FIELD),
          Map.entry(Flags.MESSAGES_COLUMN.name(), Flags.MESSAGES_COLUMN),
          Map.entry(Flags.PROMPT_COLUMN.name(), Flags.PROMPT_COLUMN),
          Map.entry(Flags.COMPLETION_COLUMN.name(), Flags.COMPLETION_COLUMN));

  private static final Set<String> KEYS = new TreeSet<>(FLAGS.keySet());

  static {
    KEYS.addAll(List.of(FILTER, COLUMNS, WEIGHT, MAX_ROWS, SEED));
  }

  /** Keys that TRL has or had, and what replaces them. */
  private static final Map<String, String> REPLACED =
      Map.of(
          "data_files", "name the files as path: a file, a folder or a glob",
          "data_dir", "name a subfolder as name, or its path as path",
          "fraction", "say as weight how many copies of each row are taken, such as 0.5",
          "streaming", "executors read datasets themselves and keep nothing; leave it out");

  /** More copies are a mistake, such as a number of rows. */
  private static final double MOST_WEIGHT = 1000;

  private static final double DEFAULT_SEED = 42;

  private final String prefix; // of keys in messages
  private final Map<String, Value> entries;

  private MixtureFile(String prefix, Map<String, Value> entries, Set<String> known) {
    this.prefix = prefix;
    this.entries = entries;
    for (String key : entries.keySet()) {
      String nearest =
          Nearest.of(key, known)
              .map("did you mean %s?"::formatted)
              .orElse("there are " + String.join(", ", known));
      String remedy = "it is not read; " + REPLACED.getOrDefault(key, nearest);
      boolean isDefault =
          REPLACED.containsKey(key)
              && (!isSet(key) || Boolean.FALSE.equals(entries.get(key).typed()));
      require(known.contains(key) || isDefault, key, remedy);
    }
  }

  /**
   * Reads a file.
   *
   * @throws ConfigException naming key, value and file, for an unknown key, or a value that cannot
   *     be used
   */
  static Mixture read(Path file, Settings settings) {
    Map<String, Value> entries;
    try {
      entries = SettingsFile.read(file);
    } catch (ConfigException e) { // SettingsFile names --config
      throw new ConfigException(Flags.DATASETS, e.value(), e.remedy());
    }
    try {
      Set<String> known = new TreeSet<>(List.of(Flags.DATASETS.name(), SHARE));
      Map<String, Value> own = new LinkedHashMap<>(entries);
      boolean isConfig = settings.isGivenBy(file, Flags.DATASETS); // else a run's file names it
      own.keySet().removeIf(key -> !known.contains(key) && (isConfig || settings.isGiven(key)));
      return new MixtureFile("", own, known).mixture(settings);
    } catch (ConfigException e) {
      throw e.in(file.toString());
    }
  }

  private Mixture mixture(Settings settings) {
    String list = Flags.DATASETS.name();
    double share = number(SHARE, 0);
    require(share >= 0 && share < 1, SHARE, "a share of the rows is expected, such as 0.01");
    List<Value> datasets = isSet(list) ? entries.get(list).elements().orElse(List.of()) : List.of();
    require(!datasets.isEmpty(), list, "a list is expected, such as - path: openai/gsm8k");
    List<Mixture.Part> parts = new ArrayList<>();
    for (Value element : datasets) {
      String key = "%s[%s]".formatted(list, parts.size());
      Map<String, Value> of = element.entries().orElse(Map.of());
      ConfigException.require(
          of.containsKey("path"), key, element.text(), "keys and values are expected, and a path");
      parts.add(new MixtureFile(key + ".", of, KEYS).part(settings));
    }
    Map<String, Object> written = new LinkedHashMap<>();
    entries.forEach((key, value) -> written.put(key, value.written()));
    return new Mixture(parts, new Held(share, false), written);
  }

  private Mixture.Part part(Settings settings) {
    double weight = number(WEIGHT, 1);
    require(
        weight > 0 && weight <= MOST_WEIGHT,
        WEIGHT,
        "copies of each row are expected, above 0 and at most 1000: 0.5 takes half of the rows; leave a dataset out to take none");
    double maxRows = number(MAX_ROWS, Long.MAX_VALUE);
    require(maxRows >= 1 && maxRows % 1 == 0, MAX_ROWS, "a number of rows is expected");
    double seed = number(SEED, DEFAULT_SEED);
    require(seed % 1 == 0, SEED, "a whole number is expected");
    Take take = new Take(weight, (long) maxRows, (long) seed);
    Settings own = settings;
    for (Map.Entry<String, Flag<?>> flag : FLAGS.entrySet()) {
      own = isSet(flag.getKey()) ? with(own, flag.getValue(), flag.getKey()) : own;
    }
    List<String> columns = texts(COLUMNS);
    String filter = String.join(" ", texts(FILTER));
    if (TableQuery.isAskedFor(own)) {
      own = own.with(Flags.DATASET_FILTER, filter);
      own = own.with(Flags.DATASET_COLUMNS, String.join(", ", columns));
      filter = "";
      columns = List.of();
    }
    PrepConfig.Source source = PrepSettings.dataset(own, Flags.DATASET_TRAIN_SPLIT, Mixture.NONE);
    return new Mixture.Part(source, filter, Set.copyOf(columns), take);
  }

  /** The settings with a flag of this dataset, whose value is checked as that of any flag. */
  private Settings with(Settings settings, Flag<?> flag, String key) {
    try {
      Map<String, Value> value = Map.of(flag.name(), entries.get(key));
      return settings.with(flag, CommandLine.ofEntries(settings.command(), value, "").text(flag));
    } catch (ConfigException e) {
      throw new ConfigException(prefix + key, e.value(), e.remedy());
    }
  }

  private List<String> texts(String key) {
    if (!isSet(key)) {
      return List.of();
    }
    Value value = entries.get(key);
    List<Value> elements = value.elements().orElse(List.of(value));
    return elements.stream().map(Value::text).toList();
  }

  /** Null is unset, as in TRL. */
  private boolean isSet(String key) {
    return entries.containsKey(key) && !entries.get(key).isUnset();
  }

  private double number(String key, double unset) {
    boolean number = !isSet(key) || entries.get(key).typed() instanceof Number;
    require(number, key, "a number is expected");
    return isSet(key) ? ((Number) entries.get(key).typed()).doubleValue() : unset;
  }

  private void require(boolean condition, String key, String remedy) {
    String text = entries.containsKey(key) ? entries.get(key).text() : "unset";
    ConfigException.require(condition, prefix + key, text, remedy);
  }
}
