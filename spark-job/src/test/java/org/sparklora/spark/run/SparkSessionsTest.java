package org.sparklora.spark.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.KryoSerializer;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.spark.cli.Main;
import org.sparklora.spark.dl4j.GpuPlugin;
import org.sparklora.spark.dl4j.LoraRegistrator;

class SparkSessionsTest {
  private static final String REGISTRATOR = "spark.kryo.registrator";
  private static final String OURS = LoraRegistrator.class.getName();

  private static SparkConf completed(SparkConf conf) {
    SparkSessions.completeKryo(conf);
    return conf;
  }

  private static SparkConf kryo() {
    return new SparkConf(false).set("spark.serializer", KryoSerializer.class.getName());
  }

  @Test
  void kryoGetsOurRegistratorBesideTheUsersOwn() {
    assertThat(completed(kryo()).get(REGISTRATOR)).isEqualTo(OURS);
    assertThat(completed(kryo().set(REGISTRATOR, "org.acme.Theirs")).get(REGISTRATOR))
        .isEqualTo("org.acme.Theirs," + OURS);
    assertThat(completed(kryo().set(REGISTRATOR, OURS)).get(REGISTRATOR)).isEqualTo(OURS);
    assertThat(completed(kryo()).get("spark.kryoserializer.buffer.max")).isEqualTo("2047m");
  }

  @Test
  void otherSerialisersAreLeftAlone() {
    assertThat(completed(new SparkConf(false)).contains(REGISTRATOR)).isFalse();
    SparkConf java = new SparkConf(false).set("spark.serializer", JavaSerializer.class.getName());
    assertThat(completed(java).contains(REGISTRATOR)).isFalse();
  }

  /** EMR sets such options; other clusters have plugins of their own. */
  @Test
  void executorsGetOurOptionsAndPluginBesideThoseOfTheCluster() {
    String options = "spark.executor.defaultJavaOptions";
    String ours = String.join(" ", JvmOptions.all());
    SparkConf bare = new SparkConf(false);
    SparkConf emr =
        new SparkConf(false)
            .set(options, "-XX:OnOutOfMemoryError='kill -9 %p'")
            .set("spark.plugins", "org.acme.Metrics, org.acme.Lineage");
    for (int time = 0; time < 2; time++) { // a second session of the same settings
      SparkSessions.completeExecutors(bare);
      SparkSessions.completeExecutors(emr);
    }
    assertThat(bare.get(options)).isEqualTo(ours);
    assertThat(bare.get("spark.plugins")).isEqualTo(GpuPlugin.class.getName());
    assertThat(emr.get(options)).isEqualTo(ours + " -XX:OnOutOfMemoryError='kill -9 %p'");
    assertThat(emr.get("spark.plugins"))
        .isEqualTo("org.acme.Metrics, org.acme.Lineage," + GpuPlugin.class.getName());
  }

  private static SparkConf sending(SparkConf conf, String command) {
    SparkSessions.sendVectors(conf, command);
    return conf;
  }

  @Test
  void vectorsTravelAsTheyAreUnlessTheUserSaysOtherwise() {
    SparkConf ours = sending(new SparkConf(false), "sft");
    assertThat(ours.get("spark.broadcast.compress")).isEqualTo("false");
    assertThat(ours.get("spark.shuffle.compress")).isEqualTo("false");
    assertThat(ours.get("spark.shuffle.sort.bypassMergeThreshold")).isEqualTo("0");
    assertThat(ours.get("spark.executorEnv.GLIBC_TUNABLES")).isEqualTo("glibc.malloc.hugetlb=1");
    assertThat(ours.get("spark.driver.maxResultSize")).as("no bound").isEqualTo("0");
    SparkConf theirs = new SparkConf(false).set("spark.shuffle.compress", "true");
    assertThat(sending(theirs, "sft").get("spark.shuffle.compress")).isEqualTo("true");
  }

  @Test
  void othersStayAsSparkHasThem() {
    assertThat(sending(new SparkConf(false), "prep").contains("spark.shuffle.compress")).isFalse();
    SparkConf here = new SparkConf(false).set("spark.master", "local[2]");
    assertThat(sending(here, "sft").contains("spark.shuffle.compress")).isFalse();
    assertThat(sending(kryo(), "sft").contains("spark.shuffle.sort.bypassMergeThreshold"))
        .isFalse();
  }

  /** Its heartbeats would come before Spark has started, and fail, where that takes long. */
  @Test
  void localModeHasNoHeartbeatUnlessTheUserSaysOtherwise() {
    SparkConf ours = new SparkConf(false);
    SparkSessions.quietHeartbeat(ours);
    long interval = ours.getTimeAsSeconds("spark.executor.heartbeatInterval");
    assertThat(interval).isGreaterThan(3600);
    assertThat(ours.getTimeAsSeconds("spark.network.timeout")).isGreaterThan(2 * interval);
    SparkConf theirs = new SparkConf(false).set("spark.network.timeout", "60s");
    SparkSessions.quietHeartbeat(theirs);
    assertThat(theirs.contains("spark.executor.heartbeatInterval")).isFalse();
  }

  private static String name(String given, String... arguments) {
    SparkConf conf = new SparkConf(false);
    if (!given.isEmpty()) {
      conf.set("spark.app.name", given);
    }
    SparkSessions.name(conf, CommandLine.parse("sft", List.of(arguments)).settings());
    return conf.get("spark.app.name");
  }

  @Test
  void applicationsAreNamedAfterCommandAndModelUnlessTheUserNamesThem() {
    String submitted = Main.class.getName(); // by spark-submit
    assertThat(name(submitted, "--model_name_or_path", "Qwen/Qwen2.5-3B"))
        .isEqualTo("spark-lora sft Qwen2.5-3B");
    assertThat(name("", "--model_name_or_path", "hdfs://host/models/Qwen2.5-3B/"))
        .isEqualTo("spark-lora sft Qwen2.5-3B");
    assertThat(name(submitted)).isEqualTo("spark-lora sft");
    assertThat(name("mine", "--model_name_or_path", "a")).isEqualTo("mine");
  }

  @Test
  void jvmsThatOthersStartGetTheOptionsOfConf() throws IOException {
    List<String> written =
        Files.readAllLines(Path.of("../conf/jvm.options")).stream()
            .filter(line -> line.startsWith("-"))
            .toList();
    assertThat(JvmOptions.all()).isEqualTo(written);

    String limit = "org.bytedeco.javacpp.maxbytes";
    String before = System.getProperty(limit);
    System.clearProperty(limit);
    JvmOptions.completeHere();
    assertThat(System.getProperty(limit)).isEqualTo("0");
    System.setProperty(limit, before);
  }

  @Test
  void aJvmInWhichSparkCannotStartIsRefusedWithTheOptions() {
    JvmOptions.requireOpen(name -> true);
    assertThatThrownBy(() -> JvmOptions.requireOpen(name -> !name.equals("sun.nio.ch")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("without --add-opens=java.base/sun.nio.ch=ALL-UNNAMED")
        .hasMessageContaining(
            "--driver-java-options \"--add-opens=java.base/java.lang=ALL-UNNAMED ");
  }

  /** Else a scheduler would not try again. */
  @Test
  void aClusterThatDoesNotAnswerIsNoMistakeOfTheUsers() throws IOException {
    IllegalStateException stopped = new IllegalStateException("a stopped SparkContext");
    String master;
    try (ServerSocket open = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      master = "spark://127.0.0.1:" + open.getLocalPort();
      assertThat(SparkSessions.isUnreachable("spark://127.0.0.1:0," + master.substring(8), stopped))
          .isFalse();
    }
    assertThat(SparkSessions.isUnreachable(master, stopped)).isTrue();
    assertThat(SparkSessions.isUnreachable("yarn", stopped)).isFalse();
    IllegalStateException refused = new IllegalStateException(new ConnectException("refused"));
    assertThat(SparkSessions.isUnreachable("yarn", refused)).isTrue();
  }

  /** Jetty's words, as a driver on YARN met them. */
  @Test
  void aRaceOfSparksPagesIsMetByAnotherStartAndNothingElse() {
    Deque<String> failures = new ArrayDeque<>(List.of("No filter named org.apache.AmIpFilter"));
    Supplier<String> start =
        () -> {
          if (!failures.isEmpty()) {
            throw new IllegalStateException(failures.remove());
          }
          return "started";
        };
    assertThat(SparkSessions.startedAgain(start)).isEqualTo("started");

    failures.addAll(List.of("No filter named a", "No filter named b"));
    assertThatThrownBy(() -> SparkSessions.startedAgain(start)).hasMessage("No filter named b");
    failures.add("no such master");
    assertThatThrownBy(() -> SparkSessions.startedAgain(start)).hasMessage("no such master");
  }
}
