package org.sparklora.pipeline.config;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.UserGroupInformation;

/**
 * Hadoop's configuration of this process, in which commands look for file systems before or without
 * a Spark session: Hadoop's own files and what Spark would add to them, the settings {@code
 * spark.hadoop.NAME}. spark-submit and {@code bin/spark-lora} make system properties of theirs,
 * from {@code --conf} and {@code --properties-file}.
 */
public final class HadoopSettings {
  private static final String PREFIX = "spark.hadoop.";

  private HadoopSettings() {}

  /**
   * Lets Hadoop, and Spark with it, start as a user whom this machine has no name for, as
   * containers run with {@code --user 4711} do: under the name of HADOOP_USER_NAME, else {@code
   * spark-lora}.
   */
  public static void nameUser() {
    if (System.getProperty("user.name").equals("?")) { // what the JDK says then
      String name = System.getenv().getOrDefault("HADOOP_USER_NAME", "spark-lora");
      UserGroupInformation.setLoginUser(UserGroupInformation.createRemoteUser(name));
    }
  }

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

  /**
   * What differs from Hadoop's defaults, such as where a name node is and how to sign in: executors
   * need not have the driver's files.
   */
  public static Map<String, String> of(Configuration hadoop) {
    Map<String, String> settings = new TreeMap<>();
    for (Map.Entry<String, String> entry : hadoop) {
      String[] sources = hadoop.getPropertySources(entry.getKey());
      if (sources == null
          || Arrays.stream(sources).noneMatch(source -> source.endsWith("-default.xml"))) {
        settings.put(entry.getKey(), entry.getValue());
      }
    }
    return settings;
  }

  /** A new configuration with settings of another process. */
  public static Configuration configuration(Map<String, String> settings) {
    Configuration hadoop = configuration();
    settings.forEach(hadoop::set);
    return hadoop;
  }
}
