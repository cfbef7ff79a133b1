package org.sparklora;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** Fills the heap of whatever JVM runs it. */
  private static final String FULL =
      """
      class Full {
        public static void main(String[] arguments) {
          for (var all = new java.util.ArrayList<byte[]>(); ; ) all.add(new byte[1 << 20]);
        }
      }
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
  void buildsWithTheWrapperWhereThereIsNoMaven() throws Exception {
    script("tools/mvn", "#!/bin/sh\nexit 1\n");
    script("the repository/mvnw", MAVEN);
    environment.put("PATH", pathWithout("mvn").toString());

    assertThat(run("prep")).contains("java");
    assertThat(builds()).isEqualTo(1);
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
        .endsWith("org.sparklora.spark.cli.Main", "sft", "--output_dir", "a folder");
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
                    && line.contains("-Dorg.bytedeco.javacpp.maxbytes=0"));
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
  void aDriverOnAStandaloneClusterIsRefusedWithTheReason() throws Exception {
    environment.put("SPARK_HOME", folder.resolve("spark").toString());

    assertThat(run("sft", "--master", "spark://host:7077", "--deploy-mode", "cluster"))
        .singleElement()
        .asString()
        .contains("--deploy-mode = cluster")
        .contains("ends with 0 whatever becomes of the driver");
    assertThat(run("sft", "--master", "k8s://https://host:1", "--deploy-mode", "cluster"))
        .contains("spark-submit", "--deploy-mode", "cluster");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.8.0_392", "11.0.2", "22", "24.0.1", "25"})
  void aJavaThatSparkDoesNotRunOnIsRefused(String version) throws Exception {
    script("jdk/bin/java", JAVA.formatted(version));

    assertThat(run("sft"))
        .singleElement()
        .asString()
        .contains("is Java " + version.split("\\.")[0] + ",", "install a JDK 17");
  }

  @Test
  void aJavaThatDoesNotStartSaysWhy() throws Exception {
    script("jdk/bin/java", "#!/bin/sh\necho 'Could not reserve enough space' >&2\nexit 1\n");

    assertThat(run("sft"))
        .singleElement()
        .asString()
        .contains("does not start: Could not reserve enough space");
  }

  /** Spark's own list. A value that each of them takes; files must exist. */
  @Test
  void everyOptionOfSparkSubmitIsPassedOnInBothForms() throws Exception {
    environment.put("SPARK_HOME", folder.resolve("spark").toString());
    Path jar = folder.resolve("a.jar");
    Files.writeString(jar, "PK");
    List<String> unusable = List.of("--class", "--kill", "--status", "--remote", "--py-files");
    for (List<String> names : SparkSubmitOptions.withValue()) {
      String option = names.get(0);
      String value =
          switch (option) {
            case "--master" -> "local[2]";
            case "--conf" -> "spark.a=b=c";
            case "--deploy-mode" -> "client";
            case "--driver-memory", "--executor-memory" -> "2g";
            case "--files", "--archives", "--jars", "--properties-file", "--keytab" -> jar + "";
            case "--driver-java-options" -> "--add-opens=java.base/java.io=ALL-UNNAMED";
            default -> "3";
          };
      if (unusable.contains(option)) {
        assertThat(run("sft", option, value, "--lora_r", "8"))
            .singleElement()
            .asString()
            .contains("Cannot use " + option + " = " + value);
        continue;
      }
      for (String name : names) {
        assertThat(run("sft", name, value, "--lora_r", "8"))
            .containsSequence(option, value)
            .endsWith("sft", "--lora_r", "8");
      }
      assertThat(run("sft", option + "=" + value, "--lora_r", "8"))
          .containsSequence(option, value)
          .endsWith("sft", "--lora_r", "8");
      assertThat(run("sft", option + "=")).singleElement().asString().contains(option + " = unset");
      assertThat(run("sft", option)).singleElement().asString().contains(option + " = unset");
    }
  }

  /** All but help and version, which spark-lora answers itself. */
  @Test
  void everySwitchOfSparkSubmitIsPassedOn() throws Exception {
    environment.put("SPARK_HOME", folder.resolve("spark").toString());

    for (List<String> names : SparkSubmitOptions.switches()) {
      for (String name : names) {
        List<String> lines = run("sft", name);
        switch (names.get(0)) {
          case "--help", "--version" -> assertThat(lines).endsWith("sft", name);
          case "--usage-error" -> assertThat(lines).singleElement().asString().contains(name);
          default -> assertThat(lines).contains(name).endsWith("sft");
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --master bogus                      | --master = bogus
          --master spark://x                  | --master = spark://x
          --master spark://x:y                | --master = spark://x:y
          --master local[0]                   | --master = local[0]
          --master local[x]                   | --master = local[x]
          --master local[2                    | --master = local[2
          --master localhost                  | --master = localhost
          --master yarn-client                | --master = yarn-client
          --master --lora_r                   | --master = unset
          --conf spark.master=bogus           | --master = bogus
          --conf spark.executor.memory        | --conf = spark.executor.memory
          --conf =4g                          | --conf = =4g
          --conf executor.memory=4g           | --conf = executor.memory=4g
          --conf spark.driver.memory=1x       | --driver-memory = 1x
          --driver-memory 1x                  | --driver-memory = 1x
          --driver-memory 2gb                 | --driver-memory = 2gb
          --driver-memory 0g                  | --driver-memory = 0g
          --driver-memory -1g                 | --driver-memory = -1g
          --driver-memory 100m                | --driver-memory = 100m
          --executor-memory 1.5g              | --executor-memory = 1.5g
          --executor-cores 0                  | --executor-cores = 0
          --num-executors two                 | --num-executors = two
          --total-executor-cores 1.5          | --total-executor-cores = 1.5
          --deploy-mode clutser               | --deploy-mode = clutser
          --jars missing.jar                  | --jars = missing.jar
          --conf spark.jars=missing.jar       | --jars = missing.jar
          --files missing.txt                 | --files = missing.txt
          --archives missing.zip#there        | --archives = missing.zip
          --properties-file missing.conf      | --properties-file = missing.conf
          """)
  void aValueThatSparkCannotUseIsOneLineInBothWays(String arguments, String told) throws Exception {
    List<String> command = new ArrayList<>(List.of("sft"));
    command.addAll(List.of(arguments.split(" ")));
    for (String spark : List.of("", folder.resolve("spark").toString())) {
      environment.put("SPARK_HOME", spark);

      assertThat(run(command.toArray(String[]::new)))
          .singleElement()
          .asString()
          .startsWith("spark-lora: Cannot use " + told + ": ");
    }
  }

  @Test
  void yarnNeedsToKnowItsCluster() throws Exception {
    environment.put("SPARK_HOME", folder.resolve("spark").toString());
    environment.put("HADOOP_CONF_DIR", "");
    environment.put("YARN_CONF_DIR", "");
    assertThat(run("sft", "--master", "yarn"))
        .singleElement()
        .asString()
        .contains("--master = yarn", "HADOOP_CONF_DIR");

    environment.put("HADOOP_CONF_DIR", folder.toString());
    assertThat(run("sft", "--master", "yarn")).contains("spark-submit");
  }

  @Test
  void jarsAreOnTheClassPathOfOneJvm() throws Exception {
    Path first = folder.resolve("a.jar");
    Path second = folder.resolve("b.jar");
    Files.writeString(first, "PK");
    Files.writeString(second, "PK");
    String both = ":" + first + ":" + second;

    String jars = "file://" + first + ", local:" + second;
    assertThat(run("sft", "--jars", jars)).anyMatch(line -> line.endsWith(both));
    assertThat(run("sft", "--conf=spark.jars=" + folder + "/*.jar"))
        .anyMatch(line -> line.endsWith(both));
    for (String far : List.of("hdfs://there/a.jar", "https://there/a.jar", "s3a://there/a.jar")) {
      assertThat(run("sft", "--jars", far))
          .singleElement()
          .asString()
          .contains("--jars = " + far, "copy it here first");
    }
    Files.writeString(first, "text");
    assertThat(run("sft", "--jars", first.toString())).anyMatch(l -> l.contains("it is no jar"));
  }

  @Test
  void whatSaysSomethingOfTheDriverHoldsForOneJvm() throws Exception {
    Path properties = folder.resolve("spark.conf");
    Files.writeString(properties, "# heap\nspark.driver.memory   3g\nspark.master=local[3]\n");

    assertThat(
            run("sft", "--properties-file", properties.toString(), "--driver-java-options=-Da -Db"))
        .contains("-Xmx3g", "-Da", "-Db", "-Dspark.master=local[3]")
        .contains("-Dlora.properties=" + properties);
    assertThat(run("sft", "--conf", "spark.driver.memory=4g", "--driver-library-path", "/lib"))
        .contains("-Xmx4g", "-Djava.library.path=/lib");
    assertThat(run("sft", "--driver-memory=5g", "--conf", "spark.driver.memory=4g", "--name=n"))
        .contains("-Xmx5g", "-Dspark.app.name=n");
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
  void tooFewOpenFilesAreRefusedBeforeAnyWork() throws Exception {
    assertThat(runLimited(64))
        .containsExactly(
            "spark-lora: Cannot use ulimit -n = 64: Spark opens more files at a time; allow at least 512, in this shell or where the system sets its limits");
    assertThat(runLimited(1024)).contains("java");
  }

  private List<String> runLimited(int openFiles) throws Exception {
    Path limited = folder.resolve("limited");
    write(limited, "ulimit -n %d; exec bash '%s' prep".formatted(openFiles, launcher()));
    return runCommand(limited);
  }

  @Test
  void aHeapThatRunsFullIsOneLineWithTheRemedy() throws Exception {
    write(folder.resolve("Full.java"), FULL);
    environment.put("SPARK_LORA_HEAP", "512m");
    String java = System.getProperty("java.home") + "/bin/java";
    script( // the launcher's java, with its options, of another program: without -cp JARS Main prep
        "jdk/bin/java",
        """
        #!/bin/bash
        if [ "$1" = -version ]; then exec '%1$s' -version; fi
        exec '%1$s' "${@:1:$#-4}" '%2$s'
        """
            .formatted(java, folder.resolve("Full.java")));

    assertThat(run("prep"))
        .filteredOn(line -> !line.startsWith("spark-lora: building"))
        .containsExactly(
            "spark-lora: The heap of 512m is full. Give it more with --driver-memory or SPARK_LORA_HEAP, such as 4g.");
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
    return runCommand(launcher(), arguments);
  }

  private Path launcher() {
    return root.resolve("bin/spark-lora");
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

  /** A folder with links to all programs of this machine but one. */
  private Path pathWithout(String program) throws IOException {
    Path links = Files.createDirectory(folder.resolve("without " + program));
    for (String place : System.getenv("PATH").split(":")) {
      if (!Files.isDirectory(Path.of(place))) {
        continue;
      }
      try (Stream<Path> programs = Files.list(Path.of(place))) {
        for (Path found : (Iterable<Path>) programs::iterator) {
          Path link = links.resolve(found.getFileName());
          if (!found.endsWith(program) && Files.notExists(link, LinkOption.NOFOLLOW_LINKS)) {
            Files.createSymbolicLink(link, found);
          }
        }
      }
    }
    return links;
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

  /** What Spark's own launcher knows, by names of the same meaning. */
  private static final class SparkSubmitOptions {
    static List<List<String>> withValue() throws ReflectiveOperationException {
      return read("opts");
    }

    static List<List<String>> switches() throws ReflectiveOperationException {
      return read("switches");
    }

    private static List<List<String>> read(String field) throws ReflectiveOperationException {
      Class<?> parser = Class.forName("org.apache.spark.launcher.SparkSubmitOptionParser");
      Constructor<?> constructor = parser.getDeclaredConstructor();
      constructor.setAccessible(true);
      Field names = parser.getDeclaredField(field);
      names.setAccessible(true);
      return Arrays.stream((String[][]) names.get(constructor.newInstance()))
          .map(List::of)
          .toList();
    }
  }
}
