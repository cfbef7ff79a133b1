package org.sparklora;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.network.util.JavaUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code bin/spark-lora} makes of its arguments and of where it runs. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "bin/spark-lora is a bash script")
class LauncherTest extends LauncherRuns {
  /** Fills the heap of whatever JVM runs it. */
  private static final String FULL =
      """
      class Full {
        public static void main(String[] arguments) {
          for (var all = new java.util.ArrayList<byte[]>(); ; ) all.add(new byte[1 << 20]);
        }
      }
      """;

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
  void aClusterWithoutSparkIsRefusedWithTheRemedy() throws Exception {
    assertThat(run("sft", "--master", "yarn"))
        .anyMatch(line -> line.contains("--master yarn needs spark-submit; set SPARK_HOME"));
  }

  @Test
  void anOptionForClustersOnlyIsRefusedInOneJvm() throws Exception {
    assertThat(run("sft", "--num-executors", "2"))
        .anyMatch(line -> line.contains("--num-executors: only spark-submit understands this"));
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
          --driver-memory 1.5gb               | --driver-memory = 1.5gb
          --driver-memory 99999999999999999g  | --driver-memory = 99999999999999999g
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
          --properties-file /                 | --properties-file = /
          --properties-file /dev/stdin        | --properties-file = /dev/stdin
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

  /** What Spark's own JavaUtils.byteStringAsMb makes of it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "2gb",
        "2GB",
        "1024",
        "512m",
        "600MB",
        "1t",
        "2097152k",
        "1048576kb",
        "734003200b"
      })
  void aHeapIsSaidAsSparkTakesMemory(String size) throws Exception {
    String heap = JavaUtils.byteStringAsMb(size) + "m";
    String same = size.replaceFirst("[bB]$", ""); // a JVM's own way to say it is left as it is
    for (List<String> said :
        List.of(
            List.of("--driver-memory", size), List.of("--conf", "spark.driver.memory=" + size))) {
      environment.put("SPARK_HOME", "");
      assertThat(run("sft", said.get(0), said.get(1)))
          .containsAnyOf("-Xmx" + heap, "-Xmx" + same)
          .noneMatch(line -> line.matches("-Xmx(\\d+|.*[bB])"));

      environment.put("SPARK_HOME", folder.resolve("spark").toString());
      assertThat(String.join(" ", run("sft", said.get(0), said.get(1))))
          .containsAnyOf("--driver-memory " + heap + " /", "--driver-memory " + same + " /");
    }
    assertThat(run("sft", "--executor-memory", size)).containsSequence("--executor-memory", size);
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
    Path properties = folder.resolve("spark, ours#1.conf");
    Files.writeString(properties, "# heap\nspark.driver.memory   3g\nspark.master=local[3]\n");

    assertThat(
            run(
                "sft",
                "--properties-file",
                properties.toString(),
                "--driver-java-options=-Da \"-Db=two words\" " + folder + "/*"))
        .contains("-Xmx3g", "-Da", "-Db=two words", folder + "/*", "-Dspark.master=local[3]")
        .contains("-Dlora.properties=" + properties);
    assertThat(run("sft", "--driver-java-options=-Da='b"))
        .singleElement()
        .asString()
        .contains("--driver-java-options = -Da='b", "a quote that is not closed");
    assertThat(run("sft", "--conf", "spark.driver.memory=4g", "--driver-library-path", "/lib"))
        .contains("-Xmx4g", "-Djava.library.path=/lib");
    assertThat(run("sft", "--driver-memory=5g", "--conf", "spark.driver.memory=4g", "--name=n"))
        .contains("-Xmx5g", "-Dspark.app.name=n");
  }

  @Test
  void filesMayHaveAnyNameWhereTheLocaleIsC() throws Exception {
    script("jdk/bin/java", JAVA.formatted("17.0.1") + "echo \"LC_ALL=$LC_ALL\"\n");
    script(
        "tools/locale",
        """
        #!/bin/sh
        case "$1 $LC_ALL" in
          "-a "*) printf 'C\\nC.utf8\\nde_DE.utf8\\nPOSIX\\n' ;;
          "charmap de_DE.UTF-8") echo UTF-8 ;;
          *) echo ANSI_X3.4-1968 ;;
        esac
        """);
    environment.put("LC_ALL", "C");
    assertThat(run("sft")).contains("LC_ALL=C.utf8");
    environment.put("LC_ALL", "fr_FR.UTF-8"); // not installed
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
}
