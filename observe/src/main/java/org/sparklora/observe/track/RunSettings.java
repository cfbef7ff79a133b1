package org.sparklora.observe.track;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.Flags;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Reads the settings that a run wrote beside its results and checkpoints. */
public final class RunSettings {
  private static final List<String> FILES = List.of("sft_config.yaml", "grpo_config.yaml");
  private static final String CHECKPOINT = "checkpoint-";
  private static final String SECRET = Flags.HUB_TOKEN.name();

  private RunSettings() {}

  /** Parses a YAML file of settings, as for {@code --config}; drops secrets. */
  static Map<String, Object> parse(String yaml) {
    Map<String, Object> settings = new LinkedHashMap<>();
    Object content = new Yaml(new SafeConstructor(new LoaderOptions())).load(yaml);
    if (content instanceof Map<?, ?> entries) {
      entries.forEach((name, value) -> settings.put(String.valueOf(name), value));
    }
    settings.remove(SECRET);
    return settings;
  }

  /** The settings in a run's folder, or else in one of its checkpoints; empty if there are none. */
  public static Map<String, Object> read(FileSystem fileSystem, Path run) throws IOException {
    // not globStatus, to which brackets in the run's path are a pattern
    FileStatus[] checkpoints =
        fileSystem.listStatus(run, path -> path.getName().startsWith(CHECKPOINT));
    List<Path> folders =
        Arrays.stream(checkpoints)
            .map(FileStatus::getPath)
            .sorted(Comparator.reverseOrder())
            .toList();
    Optional<Path> found = find(fileSystem, run);
    for (Path folder : folders) {
      found = found.isPresent() ? found : find(fileSystem, folder);
    }
    if (found.isEmpty()) {
      return Map.of();
    }
    try (InputStream in = fileSystem.open(found.get())) {
      return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private static Optional<Path> find(FileSystem fileSystem, Path folder) throws IOException {
    for (String name : FILES) {
      Path file = new Path(folder, name);
      if (fileSystem.exists(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }
}
