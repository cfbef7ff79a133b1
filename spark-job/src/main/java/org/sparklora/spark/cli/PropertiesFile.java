package org.sparklora.spark.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;

/**
 * Reads {@code --properties-file} if spark-submit does not: its settings become system properties,
 * unless {@code --conf} has set them already.
 */
final class PropertiesFile {
  /** System property by which {@code bin/spark-lora} names the file. */
  static final String PROPERTY = "lora.properties";

  /** Settings for spark-submit only; {@code bin/spark-lora} sets memory, options and class path. */
  private static final Pattern OF_SPARK_SUBMIT =
      Pattern.compile(
          "spark\\.(jars\\..+|driver\\.defaultJavaOptions|submit\\.(deployMode|pyFiles))");

  private static final Logger LOG = LoggerFactory.getLogger(PropertiesFile.class);

  private PropertiesFile() {}

  /**
   * Reads the file, if one was named, and warns of settings that have no effect.
   *
   * @throws ConfigException if it cannot be read
   */
  static void apply() {
    String name = System.getProperty(PROPERTY);
    if (name != null) {
      read(name).forEach((key, value) -> set(name, key.toString(), value.toString()));
    }
    for (String key : ignored()) {
      LOG.warn(
          "{} changes nothing in one JVM: only spark-submit understands it; set SPARK_HOME", key);
    }
  }

  private static void set(String file, String key, String value) {
    if (!key.startsWith("spark.")) {
      LOG.warn("{} of {} is no setting of Spark and changes nothing", key, file);
    } else if (System.getProperty(key) == null) {
      System.setProperty(key, value.strip());
    }
  }

  /** The settings, also those of {@code --conf}, that only spark-submit understands. */
  static List<String> ignored() {
    boolean submitted = System.getProperty("spark.app.submitTime") != null; // it sets this
    return System.getProperties().stringPropertyNames().stream()
        .filter(key -> !submitted && OF_SPARK_SUBMIT.matcher(key).matches())
        .sorted()
        .toList();
  }

  private static Properties read(String name) {
    Properties settings = new Properties();
    try (Reader text = Files.newBufferedReader(Path.of(name), StandardCharsets.UTF_8)) {
      settings.load(text);
      return settings;
    } catch (IOException | IllegalArgumentException e) {
      throw new ConfigException(
          "properties-file",
          name,
          "it cannot be read (%s); name a file with lines of key and value"
              .formatted(e.getClass().getSimpleName()));
    }
  }
}
