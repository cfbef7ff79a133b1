package org.sparklora.observe.track;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
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

  /** Checkpoints of more steps have longer names: 100 after 20. */
  private static final Comparator<Path> LENGTH =
      Comparator.comparing(path -> path.getName().length());

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

  /** The settings in a run's folder, or else in its latest checkpoint; empty if there are none. */
  public static Map<String, Object> read(FileSystem fileSystem, Path run) throws IOException {
    // not globStatus, to which brackets in the run's path are a pattern
    FileStatus[] checkpoints =
        fileSystem.listStatus(run, path -> path.getName().startsWith(CHECKPOINT));
    Stream<Path> latestFirst =
        Arrays.stream(checkpoints)
            .map(FileStatus::getPath)
            .sorted(LENGTH.thenComparing(Comparator.naturalOrder()).reversed());
    for (Path folder : Stream.concat(Stream.of(run), latestFirst).toList()) {
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
