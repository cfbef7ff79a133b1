package org.sparklora.observe.track.mlflow;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.sparklora.pipeline.config.ConfigException;

/**
 * A file of {@code key = value} lines below {@code [section]} lines, as MLflow and Databricks use
 * it with Python's {@code configparser}. Lines that begin with {@code #} or {@code ;} are comments.
 * Immutable.
 *
 * @param sections the values by key, by section name
 */
record IniFile(Map<String, Map<String, String>> sections) {
  /**
   * Reads a file; a missing file gives no sections.
   *
   * @throws ConfigException if the file cannot be read
   */
  static IniFile read(Path file) {
    if (!Files.exists(file)) {
      return new IniFile(Map.of());
    }
    try {
      return parse(Files.readString(file, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new ConfigException(
          "credentials",
          file,
          "it cannot be read (%s); check its rights".formatted(e.getMessage()));
    }
  }

  static IniFile parse(String text) {
    Map<String, Map<String, String>> sections = new LinkedHashMap<>();
    Map<String, String> section = new LinkedHashMap<>();
    for (String raw : text.lines().toList()) {
      String line = raw.strip();
      int equals = line.indexOf('=');
      if (line.startsWith("[") && line.endsWith("]")) {
        section =
            sections.computeIfAbsent(
                line.substring(1, line.length() - 1).strip(), name -> new LinkedHashMap<>());
      } else if (!line.startsWith("#") && !line.startsWith(";") && equals > 0) {
        section.put(line.substring(0, equals).strip(), line.substring(equals + 1).strip());
      }
    }
    return new IniFile(sections);
  }

  /** The value of a key, if set and not empty. */
  Optional<String> find(String section, String key) {
    return Optional.ofNullable(sections.getOrDefault(section, Map.of()).get(key))
        .filter(value -> !value.isEmpty());
  }
}
