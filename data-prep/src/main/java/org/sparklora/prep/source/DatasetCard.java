package org.sparklora.prep.source;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.hub.PlainText;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * The configurations that the {@code README.md} of a dataset's repository declares in its YAML
 * front matter: under {@code configs}, the files of each split of each configuration.
 *
 * @param configs in the card's order; empty if it declares none
 */
record DatasetCard(List<Config> configs) {
  /** Limit on text from the card, which a stranger has written, in messages. */
  private static final int LONGEST_SHOWN = 500;

  private static final Pattern FRONT_MATTER =
      Pattern.compile("\\A\\uFEFF?---\\R(.*?)\\R---\\s*(\\R|\\z)", Pattern.DOTALL);

  private static final String DEFAULT = "default";
  private static final String TRAIN = "train";

  /**
   * A configuration.
   *
   * @param dataDir the folder below which its files are, or the empty string
   * @param splits patterns of files by split; empty if file names decide
   */
  record Config(String name, boolean isDefault, String dataDir, Map<String, List<String>> splits) {}

  /** Throws {@link ConfigException} for front matter that is not YAML or of another form. */
  static DatasetCard parse(String dataset, String readme) {
    Matcher matcher = FRONT_MATTER.matcher(readme);
    if (!matcher.find()) {
      return new DatasetCard(List.of());
    }
    try {
      Object head = new Yaml(new SafeConstructor(new LoaderOptions())).load(matcher.group(1));
      Object configs = head instanceof Map<?, ?> fields ? fields.get("configs") : null;
      return new DatasetCard(
          configs instanceof List<?> list
              ? list.stream().map(config -> config((Map<?, ?>) config)).toList()
              : List.of());
    } catch (YAMLException | ClassCastException e) {
      throw new ConfigException(
          Flags.DATASET_NAME,
          dataset,
          "the head of its README.md cannot be understood (%s); download its files and name their folder"
              .formatted(PlainText.line(String.valueOf(e.getMessage()), LONGEST_SHOWN)));
    }
  }

  private static Config config(Map<?, ?> fields) {
    Object name = fields.get("config_name");
    Object folder = fields.get("data_dir");
    Map<String, List<String>> splits = new LinkedHashMap<>();
    Object files = fields.get("data_files");
    if (files instanceof Map<?, ?> bySplit) {
      bySplit.forEach((split, paths) -> splits.put(String.valueOf(split), texts(paths)));
    } else if (files instanceof List<?> list && list.stream().allMatch(Map.class::isInstance)) {
      for (Object entry : list) {
        Map<?, ?> split = (Map<?, ?>) entry;
        splits.put(String.valueOf(split.get("split")), texts(split.get("path")));
      }
    } else if (files != null) {
      splits.put(TRAIN, texts(files));
    }
    return new Config(
        name == null ? DEFAULT : String.valueOf(name),
        Boolean.TRUE.equals(fields.get("default")),
        folder == null ? "" : String.valueOf(folder).replaceAll("^\\./|/+$", ""),
        splits);
  }

  private static List<String> texts(Object value) {
    return value instanceof List<?> list
        ? list.stream().map(String::valueOf).toList()
        : List.of(String.valueOf(value));
  }

  /** The configuration of that name, or for an empty name the default; refuses any other name. */
  Config choose(String dataset, String name) {
    List<String> names = configs.stream().map(Config::name).toList();
    Optional<Config> chosen =
        name.isEmpty()
            ? configs.stream()
                .filter(Config::isDefault)
                .findFirst()
                .or(() -> named(DEFAULT))
                .or(() -> configs.size() == 1 ? Optional.of(configs.get(0)) : Optional.empty())
            : named(name);
    return chosen.orElseThrow(
        () ->
            new ConfigException(
                Flags.DATASET_CONFIG,
                name.isEmpty() ? "nothing" : name,
                "%s has %s; name one of them"
                    .formatted(dataset, PlainText.line(String.join(", ", names), LONGEST_SHOWN))));
  }

  private Optional<Config> named(String name) {
    return configs.stream().filter(config -> config.name().equals(name)).findFirst();
  }
}
