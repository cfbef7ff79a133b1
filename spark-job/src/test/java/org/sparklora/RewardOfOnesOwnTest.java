package org.sparklora;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The class and the commands of {@code docs/rewards.md}, as they stand there, in a folder that
 * looks like the built repository: its jar is one that names the test's class path.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "bin/spark-lora is a bash script")
class RewardOfOnesOwnTest {
  private static final Path REPOSITORY =
      Path.of(System.getProperty("basedir", "")).toAbsolutePath().getParent();
  private static final Path JAVA_HOME = Path.of(System.getProperty("java.home"));

  /** Options of a JVM that is gone before the second compiler has done any good. */
  private static final String NOTHING_TRAINS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w+)$\n(.*?)^```$");

  @TempDir private static Path root;

  /** Every test has a repository in which the document's commands have run. */
  @BeforeAll
  static void runTheDocument() throws Exception {
    makeRepository();
    List<MatchResult> blocks = blocks();
    assertThat(blocks).extracting(block -> block.group(1)).containsExactly("java", "bash");
    Files.writeString(root.resolve("BrevityReward.java"), blocks.get(0).group(2));
    assertThat(run(blocks.get(1).group(2))).endsWith("exit 0");
  }

  private static void makeRepository() throws IOException {
    for (String file : List.of("bin/spark-lora", "conf/jvm.options", "conf/log4j2.properties")) {
      Path copy = root.resolve(file);
      Files.createDirectories(copy.getParent());
      Files.copy(REPOSITORY.resolve(file), copy);
    }
    Path target = root.resolve("spark-job/target");
    Files.createDirectories(target.resolve("spark"));
    Files.createDirectories(root.resolve("ci"));
    Files.writeString(root.resolve("ci/sources.sh"), ""); // built of nothing, so never stale
    Files.writeString(target.resolve("spark-lora.jar.sources"), "");
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath());
    for (String jar : List.of("spark-lora.jar", "spark/spark-core.jar")) {
      new JarOutputStream(Files.newOutputStream(target.resolve(jar)), manifest).close();
    }
    Files.writeString(
        root.resolve("generations.jsonl"),
        """
        {"prompt_id": 0, "completion": "<think>Short.</think> Four."}
        {"prompt_id": 0, "completion": "a b c d e f g h i j k l m n o p q r s t"}
        """);
  }

  private static String classPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(":"))
        .map(entry -> Path.of(entry).toUri().toString())
        .collect(Collectors.joining(" "));
  }

  private static List<MatchResult> blocks() throws IOException {
    String document = Files.readString(REPOSITORY.resolve("docs/rewards.md"));
    String section = document.split("(?m)^## A reward of your own$")[1].split("(?m)^## ")[0];
    return BLOCK.matcher(section).results().toList();
  }

  private static String run(String commands) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-e", "-c", commands)
            .directory(root.toFile())
            .redirectErrorStream(true);
    builder.environment().remove("SPARK_HOME");
    builder.environment().put("JAVA_HOME", JAVA_HOME.toString());
    builder.environment().put("SPARK_LORA_JAVA_OPTS", NOTHING_TRAINS);
    builder.environment().merge("PATH", JAVA_HOME.resolve("bin") + ":", (old, bin) -> bin + old);
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes());
    return said + "exit " + process.waitFor();
  }

  @Test
  void isWrittenCompiledAndUsedAsTheDocumentSays() throws Exception {
    try (Stream<Path> files = Files.list(root.resolve("judged"))) {
      assertThat(files).anyMatch(file -> file.toString().endsWith(".parquet"));
    }
    assertThat(root.resolve("judged/_reward_summary.json"))
        .content()
        .contains("brevity_reward", "brief", "wordy");
  }

  @Test
  void isFoundAmongSeveralJarsOfAPattern() throws Exception {
    String reward = "bin/spark-lora reward --input generations.jsonl --output_dir again --jars=";

    assertThat(run(reward + "'file://" + root + "/*.jar' --reward_funcs com.example.BrevityReward"))
        .endsWith("exit 0");
    assertThat(run(reward + "brevity.jar,other.jar --reward_funcs com.example.BrevityReward"))
        .isEqualTo("spark-lora: Cannot use --jars = other.jar: there is no such file\nexit 2");
  }
}
