package org.sparklora;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code bin/spark-lora} in a made-up repository, with scripts in place of java, mvn and
 * spark-submit that print their arguments one a line.
 */
abstract class LauncherRuns {
  static final Path REPOSITORY =
      Path.of(System.getProperty("basedir", "")).toAbsolutePath().getParent();

  /** What a scripted {@code java} prints for {@code -version}, as a JDK does: on standard error. */
  static final String JAVA =
      """
      #!/bin/sh
      if [ "$1" = -version ]; then echo 'openjdk version "%s" 2025-01-01' >&2; exit 0; fi
      echo java
      for argument in "$@"; do echo "$argument"; done
      """;

  static final String SPARK_SUBMIT =
      """
      #!/bin/sh
      echo spark-submit
      for argument in "$@"; do echo "$argument"; done
      """;

  /** Builds as Maven does: leaves a jar, what it was built of, and Spark's jars. */
  static final String MAVEN =
      """
      #!/bin/sh
      echo called >> builds
      mkdir -p spark-job/target/spark
      touch spark-job/target/spark-lora.jar spark-job/target/spark/spark-core.jar
      bash ci/sources.sh > spark-job/target/spark-lora.jar.sources
      """;

  @TempDir Path folder;
  Path root;
  final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  final void makeRepository() throws IOException {
    root = folder.resolve("the repository"); // with a space, as home folders may have
    copy("bin/spark-lora");
    copy("conf/jvm.options");
    copy("ci/sources.sh");
    for (String module : List.of("model", "pipeline", "data-prep", "reward", "spark-job")) {
      write(root.resolve(module).resolve("pom.xml"), "");
    }
    write(root.resolve("model/src/main/java/Model.java"), "class Model {}");
    write(root.resolve("spark-job/src/license/override.properties"), "");
    write(root.resolve("pom.xml"), "");
    script("tools/mvn", MAVEN);
    script("jdk/bin/java", JAVA.formatted("17.0.1"));
    script("spark/bin/spark-submit", SPARK_SUBMIT);
    environment.put("JAVA_HOME", folder.resolve("jdk").toString());
    environment.put("PATH", folder.resolve("tools") + ":" + System.getenv("PATH"));
  }

  final List<String> run(String... arguments) throws Exception {
    return runCommand(launcher(), arguments);
  }

  final Path launcher() {
    return root.resolve("bin/spark-lora");
  }

  final List<String> runCommand(Path command, String... arguments) throws Exception {
    return lines(List.of("bash", command.toString()), arguments);
  }

  final List<String> lines(List<String> command, String... arguments) throws Exception {
    List<String> words = new ArrayList<>(command);
    words.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    builder.environment().remove("SPARK_HOME");
    builder.environment().putAll(environment);
    Process process = builder.start();
    List<String> lines = process.inputReader().lines().toList();
    process.waitFor();
    return lines;
  }

  final void copy(String file) throws IOException {
    write(root.resolve(file), Files.readString(REPOSITORY.resolve(file)));
  }

  final void script(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    write(file, text);
    if (!file.toFile().setExecutable(true)) {
      throw new IOException("Cannot make " + file + " executable");
    }
  }

  static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
