package org.sparklora.spark.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.io.FileUtils;

/**
 * Spark's {@code local-cluster}, whose executors are JVMs of their own, of one kernel thread each.
 * Commands are submitted as {@code bin/spark-lora} does it, with the application jar, to Spark's
 * own main: for tests of Maven's integration-test phase, which have a jar.
 *
 * @param executors how many
 * @param cores of each; as many tasks run in it at a time
 * @param mebibytes the heap of each
 * @param options more of spark-submit's
 */
public record LocalCluster(int executors, int cores, int mebibytes, List<String> options) {
  /** How long something of a cluster may take. */
  static final long PATIENCE_SECONDS = 1200;

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path JVM_OPTIONS = ROOT.resolve("conf/jvm.options");
  private static final Path TARGET = Path.of("target").toAbsolutePath();

  /** The model, rows and settings of the quickstart. */
  public static final Path QUICKSTART = ROOT.resolve("conf/quickstart");

  /** Of heaps and machines this small. */
  private static final String COLLECTOR = "-XX:+UseSerialGC";

  /** A JVM that trains needs the second compiler, which others keep waiting. */
  static final String FIRST_COMPILER = "-XX:TieredStopAtLevel=1";

  /** Of this JVM, for those that train as well. */
  private static final String LATE_SECOND_COMPILER = "-XX:Tier4";

  /** Classes of Spark, as the first driver of these tests has read and verified them. */
  private static final Path CLASSES = TARGET.resolve("cluster-tests.jsa");

  private static final List<String> QUIET_CLASSES =
      List.of("-Xlog:cds=off", "-Xlog:cds+dynamic=off");

  static {
    CLASSES.toFile().delete(); // that of a former build
  }

  /** Spark's words for an executor that is gone. */
  private static final String LOST = "Lost executor";

  /** What the driver and all executors of a command said. */
  public record Said(String driver, String executors) {}

  /** What happens to a run. */
  interface Fault {
    void strike(ChildJvm driver) throws Exception;
  }

  public static LocalCluster of(int executors, int cores, int mebibytes) {
    return new LocalCluster(executors, cores, mebibytes, List.of());
  }

  /** The same with {@code --conf KEY=VALUE}. */
  public LocalCluster with(String key, String value) {
    List<String> more = new ArrayList<>(options);
    more.addAll(List.of("--conf", key + "=" + value));
    return new LocalCluster(executors, cores, mebibytes, more);
  }

  /** The same with the serialiser that is not Spark's default. */
  public LocalCluster kryo() {
    return with("spark.serializer", "org.apache.spark.serializer.KryoSerializer");
  }

  /** The rows of one of the quickstart's datasets. */
  public static List<String> rows(String name) throws IOException {
    try (var in = new GZIPInputStream(Files.newInputStream(QUICKSTART.resolve(name)))) {
      return new String(in.readAllBytes(), UTF_8).lines().toList();
    }
  }

  /** Runs a command to its end. */
  public Said run(String command, LoggedRun run) throws Exception {
    Said said = run(command, run, driver -> {});
    assertThat(said.driver()).doesNotContain(LOST);
    return said;
  }

  /**
   * The same, but kills an executor as soon as it computes what shall be lost.
   *
   * @param begun whether it does
   * @param done whether it has computed it, as it has at the end: then a kill comes too late
   */
  public void runLosingAnExecutor(
      String command, LoggedRun run, Callable<Boolean> begun, Callable<Boolean> done)
      throws Exception {
    Said said =
        run(
            command,
            run,
            driver -> {
              driver.await("Must come to where an executor is killed", begun, PATIENCE_SECONDS);
              assertThat(executors(driver).get(0).destroyForcibly()).isTrue();
              assertThat(done.call()).as("killed too late").isFalse();
            });
    assertThat(said.driver()).contains(LOST);
    assertThat(done.call()).isTrue();
  }

  /** The same with a fault of any kind. */
  Said run(String command, LoggedRun run, Fault fault) throws Exception {
    Path log = run.output().resolveSibling(run.output().getFileName() + ".log");
    Path home = log.resolveSibling(log.getFileName() + ".spark");
    ChildJvm driver = ChildJvm.start(log, submission(home, command, run.arguments()));
    try {
      fault.strike(driver);
      driver.awaitSuccess(PATIENCE_SECONDS);
      return new Said(driver.log(), executorLogs(home));
    } finally {
      driver.kill();
      FileUtils.deleteQuietly(home.toFile()); // it holds a copy of the jar for each executor
    }
  }

  /** The driver is the parent of the executors, and has no other JVMs for children. */
  private static List<ProcessHandle> executors(ChildJvm driver) {
    return driver
        .process()
        .children()
        .filter(child -> child.info().command().orElse("").endsWith("java"))
        .toList();
  }

  /** Workers want a folder {@code jars} in Spark's home; it may be empty. */
  private ProcessBuilder submission(Path home, String command, List<String> arguments)
      throws IOException {
    Files.createDirectories(home.resolve("jars"));
    String classPath = TARGET.resolve("spark") + "/*";
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(List.of("@" + JVM_OPTIONS, "-Xmx1g", "-Dlora.home=" + ROOT));
    line.addAll(List.of(FIRST_COMPILER, COLLECTOR));
    line.addAll(QUIET_CLASSES);
    line.add(
        (Files.exists(CLASSES) ? "-XX:SharedArchiveFile=" : "-XX:ArchiveClassesAtExit=") + CLASSES);
    line.add("-Dlog4j2.configurationFile=" + ROOT.resolve("conf/log4j2.properties").toUri());
    line.addAll(List.of("-cp", classPath, "org.apache.spark.deploy.SparkSubmit"));
    line.addAll(List.of("--class", Main.class.getName()));
    line.addAll(
        List.of("--master", "local-cluster[%d,%d,%d]".formatted(executors, cores, mebibytes)));
    line.addAll(List.of("--executor-memory", mebibytes + "m"));
    line.addAll(List.of("--conf", "spark.executor.defaultJavaOptions=" + jvmOptions()));
    line.addAll(List.of("--conf", "spark.executor.extraJavaOptions=-Dlora.threads=1"));
    // a machine that stands still for some minutes has not lost an executor
    line.addAll(List.of("--conf", "spark.network.timeout=%ds".formatted(PATIENCE_SECONDS)));
    line.addAll(List.of("--conf", "spark.worker.timeout=" + PATIENCE_SECONDS));
    line.addAll(options);
    line.addAll(List.of(TARGET.resolve("spark-lora.jar").toString(), command));
    line.addAll(arguments);
    ProcessBuilder submission = new ProcessBuilder(line);
    submission.environment().put("SPARK_HOME", home.toString());
    submission.environment().put("SPARK_DIST_CLASSPATH", classPath);
    submission.environment().put("SPARK_SCALA_VERSION", "2.12");
    submission.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    return submission;
  }

  /** Of executors, whose class path is the driver's behind folders that do not exist. */
  private static String jvmOptions() throws IOException {
    List<String> options = new ArrayList<>(List.of(COLLECTOR));
    if (Files.exists(CLASSES)) {
      options.add("\"-XX:SharedArchiveFile=%s\"".formatted(CLASSES)); // Spark splits at blanks
    }
    options.addAll(QUIET_CLASSES);
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith(LATE_SECOND_COMPILER))
        .forEach(options::add);
    Files.readAllLines(JVM_OPTIONS).stream()
        .filter(line -> line.startsWith("-"))
        .forEach(options::add);
    return String.join(" ", options);
  }

  private static String executorLogs(Path home) throws IOException {
    StringBuilder logs = new StringBuilder();
    try (Stream<Path> files = Files.walk(home.resolve("work"))) {
      for (Path file : files.filter(file -> file.endsWith("stderr")).toList()) {
        logs.append(Files.readString(file));
      }
    }
    return logs.toString();
  }
}
