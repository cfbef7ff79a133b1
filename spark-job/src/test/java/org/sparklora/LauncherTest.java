package org.sparklora;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code bin/spark-lora} in a made-up repository, with scripts in place of java, mvn and
 * spark-submit that print their arguments one a line.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "bin/spark-lora is a bash script")
class LauncherTest {
  private static final Path REPOSITORY =
      Path.of(System.getProperty("basedir", "")).toAbsolutePath().getParent();

  /** What a scripted {@code java} prints for {@code -version}, as a JDK does: on standard error. */
  private static final String JAVA =
      """
      #!/bin/sh
      if [ "$1" = -version ]; then echo 'openjdk version "%s" 2025-01-01' >&2; exit 0; fi
      echo java
      for argument in "$@"; do echo "$argument"; done
      """;

  private static final String SPARK_SUBMIT =
      """
      #!/bin/sh
      echo spark-submit
      for argument in "$@"; do echo "$argument"; done
      """;

  /** Builds as Maven does: leaves a jar and the class path of Spark's jars. */
  private static final String MAVEN =
      """
      #!/bin/sh
      echo called >> builds
      mkdir -p spark-job/target
      touch spark-job/target/spark-lora.jar
      printf %s "$PWD/pom.xml" > spark-job/target/embedded.classpath
      """;

  @TempDir private Path folder;
  private Path root;
  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void makeRepository() throws IOException {
    root = folder.resolve("the repository"); // with a space, as home folders may have
    copy("bin/spark-lora");
    copy("conf/jvm.options");
    for (String module : List.of("model", "pipeline", "data-prep", "reward", "spark-job")) {
      write(root.resolve(module).resolve("pom.xml"), "");
    }
    write(root.resolve("pom.xml"), "");
    script("tools/mvn", MAVEN);
    script("jdk/bin/java", JAVA.formatted("17.0.1"));
    script("spark/bin/spark-submit", SPARK_SUBMIT);
    environment.put("JAVA_HOME", folder.resolve("jdk").toString());
    environment.put("PATH", folder.resolve("tools") + ":" + System.getenv("PATH"));
  }

  @Test
  void buildsOnceAndAgainAfterASourceChanged() throws Exception {
    run("prep");
    run("prep");
    assertThat(builds()).isEqualTo(1);

    Path source = root.resolve("model/pom.xml");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(60)));
    run("prep");
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void showsWhatMavenSaysWhenTheBuildFails() throws Exception {
    script("tools/mvn", "#!/bin/sh\necho no such symbol\nexit 1\n");

    assertThat(run("prep"))
        .contains("no such symbol")
        .anyMatch(line -> line.contains("build failed"));
  }

  @Test
  void runsInThisMachinesJvmWithoutSparkHomeAndMaster() throws Exception {
    List<String> lines = run("sft", "--output_dir", "a folder", "--conf", "spark.a=b c");

    assertThat(lines)
        .contains("java", "@" + root.toRealPath() + "/conf/jvm.options", "-Dspark.a=b c")
        .endsWith("org.sparklora.spark.Main", "sft", "--output_dir", "a folder");
  }

  @Test
  void aLocalMasterStaysInThisMachinesJvm() throws Exception {
    assertThat(run("sft", "--master=local[2]")).contains("java", "-Dspark.master=local[2]");
  }

  @Test
  void goesThroughSparkSubmitWithSparkHome() throws Exception {
    environment.put("SPARK_HOME", folder.resolve("spark").toString());

    List<String> lines = run("sft", "--num-executors", "2", "--lora_r", "8", "--conf", "spark.a=b");

    assertThat(lines)
        .contains("spark-submit")
        .containsSequence("--num-executors", "2", "--conf", "spark.a=b")
        .endsWith(root.toRealPath() + "/spark-job/target/spark-lora.jar", "sft", "--lora_r", "8")
        .anyMatch(
            line ->
                line.startsWith("spark.executor.defaultJavaOptions=")
                    && line.contains("--add-modules=jdk.incubator.vector"));
  }

  @Test
  void aClusterWithoutSparkIsRefusedWithTheRemedy() throws Exception {
    assertThat(run("sft", "--master", "yarn"))
        .anyMatch(line -> line.contains("--master yarn needs spark-submit; set SPARK_HOME"));
  }

  @Test
  void anOptionForClustersOnlyIsRefusedInOneJvm() throws Exception {
    assertThat(run("sft", "--num-executors", "2"))
        .anyMatch(line -> line.contains("--num-executors: only spark-submit understands this"));
  }

  @Test
  void anOldJavaIsRefused() throws Exception {
    script("jdk/bin/java", JAVA.formatted("11.0.2"));

    assertThat(run("sft")).anyMatch(line -> line.contains("is Java 11; set JAVA_HOME to a JDK 17"));
  }

  @Test
  void filesMayHaveAnyNameWhereTheLocaleIsC() throws Exception {
    script("jdk/bin/java", JAVA.formatted("17.0.1") + "echo \"LC_ALL=$LC_ALL\"\n");
    script("tools/locale", "#!/bin/sh\nprintf 'C\\nC.utf8\\nPOSIX\\n'\n");
    environment.put("LC_ALL", "C");
    assertThat(run("sft")).contains("LC_ALL=C.utf8");

    environment.put("LC_ALL", "de_DE.UTF-8"); // encodes every name already
    assertThat(run("sft")).contains("LC_ALL=de_DE.UTF-8");
  }

  @Test
  void findsItsRepositoryThroughSymlinks() throws Exception {
    Path link = folder.resolve("links/lora");
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(folder.resolve("links/first"), root.resolve("bin/spark-lora"));
    Files.createSymbolicLink(link, Path.of("first"));

    assertThat(runCommand(link, "sft")).contains("-Dlora.home=" + root.toRealPath());
  }

  private List<String> run(String... arguments) throws Exception {
    return runCommand(root.resolve("bin/spark-lora"), arguments);
  }

  private List<String> runCommand(Path command, String... arguments) throws Exception {
    List<String> words = new ArrayList<>(List.of("bash", command.toString()));
    words.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    builder.environment().remove("SPARK_HOME");
    builder.environment().putAll(environment);
    Process process = builder.start();
    List<String> lines = process.inputReader().lines().toList();
    process.waitFor();
    return lines;
  }

  private long builds() throws IOException {
    return Files.readAllLines(root.resolve("builds")).size();
  }

  private void copy(String file) throws IOException {
    write(root.resolve(file), Files.readString(REPOSITORY.resolve(file)));
  }

  private void script(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    write(file, text);
    if (!file.toFile().setExecutable(true)) {
      throw new IOException("Cannot make " + file + " executable");
    }
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
