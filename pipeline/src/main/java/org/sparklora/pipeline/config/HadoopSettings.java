package org.sparklora.pipeline.config;

import org.apache.hadoop.conf.Configuration;

/**
 * Hadoop's configuration of this process, in which commands look for file systems before or without
 * a Spark session: Hadoop's own files and what Spark would add to them, the settings {@code
 * spark.hadoop.NAME}. spark-submit and {@code bin/spark-lora} make system properties of theirs,
 * from {@code --conf} and {@code --properties-file}.
 */
public final class HadoopSettings {
  private static final String PREFIX = "spark.hadoop.";

  private HadoopSettings() {}

  /** A new configuration. */
  public static Configuration configuration() {
    Configuration hadoop = new Configuration();
    for (String name : System.getProperties().stringPropertyNames()) {
      if (name.startsWith(PREFIX)) {
        hadoop.set(name.substring(PREFIX.length()), System.getProperty(name));
      }
    }
    return hadoop;
  }
}
