package org.sparklora.observe.track;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.RunFolder;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Reads the settings that a run wrote beside its results and checkpoints. */
public final class RunSettings {
  private static final List<String> FILES = List.of("sft_config.yaml", "grpo_config.yaml");
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

  /** A run's folder, then its checkpoints, the latest first. */
  public static List<Path> places(FileSystem fileSystem, Path run) throws IOException {
    List<Path> places =
        new ArrayList<>(RunFolder.checkpoints(fileSystem.getConf(), run.toString()));
    places.add(run);
    Collections.reverse(places);
    return places;
  }

  /** The settings in a run's folder, or else in its latest checkpoint; empty if there are none. */
  public static Map<String, Object> read(FileSystem fileSystem, Path run) throws IOException {
    for (Path folder : places(fileSystem, run)) {
      for (String name : FILES) {
        Path file = new Path(folder, name);
        if (fileSystem.exists(file)) {
          try (InputStream in = fileSystem.open(file)) {
            return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
          }
        }
      }
    }
    return Map.of();
  }
}
