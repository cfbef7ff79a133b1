package org.sparklora.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The options of {@code conf/jvm.options}, for JVMs that {@code bin/spark-lora} has not given them
 * to: those of a plain spark-submit.
 */
final class JvmOptions {
  private static final String FILE = "jvm.options";

  /** What JavaCPP reads when it is first used, and so still counts. */
  private static final String READ_LATE = "-Dorg.bytedeco.";

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

  /** Gives this JVM those that can be given to one that runs, unless the user has. */
  static void completeHere() {
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
