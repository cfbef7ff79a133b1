package org.sparklora.pipeline.config;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.UserGroupInformation;

/**
 * Hadoop's configuration of this process, by which commands find file systems before or without a
 * Spark session: Hadoop's own files and, as Spark would add, the settings {@code
 * spark.hadoop.NAME}. spark-submit and {@code bin/spark-lora} turn settings of {@code --conf} and
 * {@code --properties-file} into system properties.
 */
public final class HadoopSettings {
  private static final String PREFIX = "spark.hadoop.";

  private HadoopSettings() {}

  /**
   * Lets Hadoop and Spark start as a user without a name on this node, as in a container run with
   * {@code --user 4711}: under the name in HADOOP_USER_NAME, else {@code spark-lora}.
   */
  public static void nameUser() {
    if (System.getProperty("user.name").equals("?")) { // the JDK's value for a nameless user
      String name = System.getenv().getOrDefault("HADOOP_USER_NAME", "spark-lora");
      UserGroupInformation.setLoginUser(UserGroupInformation.createRemoteUser(name));
    }
  }

  /** A new configuration with the settings of this process. */
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
   * The settings that differ from Hadoop's defaults, such as the name node's address and
   * credentials, for executors without the driver's files.
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

  /** A new configuration with the settings of this and of another process. */
  public static Configuration configuration(Map<String, String> settings) {
    Configuration hadoop = configuration();
    settings.forEach(hadoop::set);
    return hadoop;
  }
}
