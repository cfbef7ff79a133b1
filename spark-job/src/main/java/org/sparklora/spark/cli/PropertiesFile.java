package org.sparklora.spark.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
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
  private static final List<String> OF_SPARK_SUBMIT =
      List.of("spark.jars.packages", "spark.driver.defaultJavaOptions", "spark.submit.deployMode");

  private static final Logger LOG = LoggerFactory.getLogger(PropertiesFile.class);

  private PropertiesFile() {}

  /**
   * Reads the file, if one was named.
   *
   * @throws ConfigException if it cannot be read
   */
  static void apply() {
    String name = System.getProperty(PROPERTY);
    if (name == null) {
      return;
    }
    Properties settings = read(name);
    for (String key : settings.stringPropertyNames()) {
      if (!key.startsWith("spark.")) {
        LOG.warn("{} of {} is no setting of Spark and changes nothing", key, name);
      } else if (System.getProperty(key) == null) {
        System.setProperty(key, settings.getProperty(key).strip());
        if (OF_SPARK_SUBMIT.contains(key)) {
          LOG.warn(
              "{} of {} changes nothing in one JVM: only spark-submit understands it; set SPARK_HOME",
              key,
              name);
        }
      }
    }
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
