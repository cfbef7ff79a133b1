package org.sparklora.spark.run;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
import org.sparklora.pipeline.config.ConfigException;

/**
 * The options of {@code conf/jvm.options}, for JVMs that a plain spark-submit starts without them;
 * {@code bin/spark-lora} sets them itself.
 */
public final class JvmOptions {
  private static final String FILE = "jvm.options";

  /** Properties that JavaCPP reads at its first use, so that a running JVM can set them. */
  private static final String READ_LATE = "-Dorg.bytedeco.";

  private static final String OPENS = "--add-opens=java.base/";

  /** The JDK package that Spark accesses first. */
  private static final String NEEDED = "sun.nio.ch";

  private JvmOptions() {}

  static List<String> all() {
    try (InputStream in = JvmOptions.class.getResourceAsStream(FILE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Refuses a JVM in which Spark cannot start: in {@code --deploy-mode cluster} a standalone
   * cluster starts the driver without the options that spark-submit adds elsewhere.
   *
   * @param opened whether the JDK package of this name is open to the application
   * @throws ConfigException with the options that are missing
   */
  static void requireOpen(Predicate<String> opened) {
    if (!opened.test(NEEDED)) {
      throw new ConfigException(
          "the JVM's options",
          "without %s%s=ALL-UNNAMED".formatted(OPENS, NEEDED),
          "Spark needs it and others; add --driver-java-options \"%s\" to spark-submit"
              .formatted(
                  String.join(" ", all().stream().filter(o -> o.startsWith(OPENS)).toList())));
    }
  }

  /** Sets the options that a running JVM can take, unless the user has set them. */
  public static void completeHere() {
    for (String option : all()) {
      if (option.startsWith(READ_LATE)) {
        String[] keyAndValue = option.substring("-D".length()).split("=", 2);
        if (System.getProperty(keyAndValue[0]) == null) {
          System.setProperty(keyAndValue[0], keyAndValue[1]);
        }
      }
    }
  }
}
