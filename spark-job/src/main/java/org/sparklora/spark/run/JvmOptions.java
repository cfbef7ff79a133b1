package org.sparklora.spark.run;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
import org.sparklora.pipeline.config.ConfigException;

/**
 * The options of {@code conf/jvm.options}, for JVMs that {@code bin/spark-lora} has not given them
 * to: those of a plain spark-submit.
 */
public final class JvmOptions {
  private static final String FILE = "jvm.options";

  /** What JavaCPP reads when it is first used, and so still counts. */
  private static final String READ_LATE = "-Dorg.bytedeco.";

  private static final String OPENS = "--add-opens=java.base/";

  /** What Spark reaches into before anything else. */
  private static final String NEEDED = "sun.nio.ch";

  private JvmOptions() {}

  /** All of them. */
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
   * Refuses a JVM in which Spark cannot start: standalone clusters start drivers of their own, in
   * {@code --deploy-mode cluster}, without the options that spark-submit gives others.
   *
   * @param opened whether the JDK's own packages of such a name are open to all
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

  /** Gives this JVM those that can be given to one that runs, unless the user has. */
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
