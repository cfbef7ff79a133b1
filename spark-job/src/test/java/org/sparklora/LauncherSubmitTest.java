package org.sparklora;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Arguments and environment that {@code bin/spark-lora} hands to spark-submit. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "bin/spark-lora is a bash script")
class LauncherSubmitTest extends LauncherRuns {
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
  void aDriverOnAStandaloneClusterIsRefusedWithTheReason() throws Exception {
    environment.put("SPARK_HOME", folder.resolve("spark").toString());

    assertThat(run("sft", "--master", "spark://host:7077", "--deploy-mode", "cluster"))
        .singleElement()
        .asString()
        .contains("--deploy-mode = cluster")
        .contains("ends with 0 whatever becomes of the driver");
    assertThat(
            run(
                "sft",
                "--master",
                "spark://host:7077",
                "--conf",
                "spark.submit.deployMode=cluster"))
        .singleElement()
        .asString()
        .contains("--deploy-mode = cluster");
    assertThat(run("sft", "--master", "k8s://https://host:1", "--deploy-mode", "cluster"))
        .contains("spark-submit", "--deploy-mode", "cluster");
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
  void whatSparkEnvSetsHoldsAsItDoesForSparkSubmit() throws Exception {
    environment.put("SPARK_HOME", folder.resolve("spark").toString());
    environment.put("HADOOP_CONF_DIR", "");
    environment.put("YARN_CONF_DIR", "");
    environment.put("JAVA_HOME", folder.resolve("old").toString());
    script("old/bin/java", JAVA.formatted("1.8.0_392"));
    write(
        folder.resolve("spark/conf/spark-env.sh"),
        "export HADOOP_CONF_DIR='%1$s' JAVA_HOME='%1$s/jdk'\nexport SPARK_DIST_CLASSPATH=$NOT_SET\n"
            .formatted(folder));

    assertThat(run("sft", "--master", "yarn")).contains("spark-submit");
  }

  @Test
  void whatSparkDefaultsSetHoldsWhereNoFileIsNamed() throws Exception {
    environment.put("SPARK_HOME", folder.resolve("spark").toString());
    environment.put("TMPDIR", folder.toString());
    write(
        folder.resolve("spark/conf/spark-defaults.conf"),
        "spark.master             spark://host:7077\nspark.submit.deployMode  cluster\n");

    assertThat(run("sft")).singleElement().asString().contains("--deploy-mode = cluster");
    assertThat(run("sft", "--master", "k8s://https://host:1"))
        .contains("spark-submit")
        .as("the driver is on another machine")
        .noneMatch(line -> line.contains("-Djava.io.tmpdir="))
        .noneMatch(line -> line.contains("-Dlog4j2.configurationFile="));
    assertThat(run("sft", "--deploy-mode", "client"))
        .contains("spark-submit")
        .anyMatch(line -> line.contains("-Djava.io.tmpdir=" + folder))
        .anyMatch(line -> line.contains("-Dlog4j2.configurationFile=file:"));
  }

  @ParameterizedTest
  @CsvSource({
    "2.12-3.5.0, true",
    "2.12-3.5.6-amzn-1, true",
    "2.12-3.4.4, false",
    "2.13-3.5.9, false",
    "2.13-4.0.0, false"
  })
  void aSparkThatTheJarDoesNotRunOnIsRefused(String version, boolean runs) throws Exception {
    environment.put("SPARK_HOME", folder.resolve("spark").toString());
    write(folder.resolve("spark/jars/spark-core_" + version + ".jar"), "");

    assertThat(String.join(" ", run("sft")))
        .contains(runs ? "spark-submit --class" : "its jars are not those of Spark 3.5");
  }

  @Test
  void filesOfTheClustersMachinesNeedNotBeOnThisOne() throws Exception {
    environment.put("SPARK_HOME", folder.resolve("spark").toString());
    String[] there = {"sft", "--master", "k8s://https://host:1", "--deploy-mode", "cluster"};
    for (String jar : List.of("local:/opt/there/a.jar", "local:///opt/there/a.jar")) {
      List<String> command = new ArrayList<>(List.of(there));
      command.addAll(List.of("--jars", jar));
      assertThat(run(command.toArray(String[]::new))).containsSequence("--jars", jar);
    }
    environment.put("SPARK_HOME", "");
    assertThat(run("sft", "--jars", "local:/opt/there/a.jar"))
        .singleElement()
        .asString()
        .contains("--jars = /opt/there/a.jar: it is no jar");
  }

  /** Constants of Spark's own launcher, by names of the same meaning. */
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
