package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** A command in a JVM of its own, which can be killed as the operating system kills. */
public final class ChildJvm {
  private static final long PATIENCE_SECONDS = 120;
  private static final long LOOK_MILLIS = 20;

  /** Of GNU's coreutils 8.31 and newer. */
  private static final List<String> DEFAULT_SIGNAL = List.of("env", "--default-signal=INT");

  private static final boolean HEARS = canResetSignals();
  private static final int INT = 2;

  private final Process process;
  private final Path log;

  private ChildJvm(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** {@code spark-lora COMMAND …} with this JVM's class path and options. */
  public static ChildJvm start(Path log, String command, List<String> arguments)
      throws IOException {
    List<String> withMaster = new ArrayList<>(List.of("--master", "local[2]"));
    withMaster.addAll(arguments);
    return startWithoutMaster(log, command, withMaster);
  }

  /** The same of a command that needs no Spark. */
  static ChildJvm startWithoutMaster(Path log, String command, List<String> arguments)
      throws IOException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> !argument.startsWith("-javaagent") && !argument.startsWith("-agentlib"))
        .forEach(line::add);
    line.addAll(List.of("-cp", System.getProperty("java.class.path")));
    line.addAll(List.of(Main.class.getName(), command));
    line.addAll(arguments);
    return start(log, new ProcessBuilder(line));
  }

  /**
   * A command line of any kind. It hears of SIGINT, which children of a shell's job in the
   * background ignore.
   */
  static ChildJvm start(Path log, ProcessBuilder line) throws IOException {
    if (HEARS) {
      List<String> words = new ArrayList<>(DEFAULT_SIGNAL);
      words.addAll(line.command());
      line.command(words); // env becomes what it starts, under the same number
    }
    return new ChildJvm(line.redirectErrorStream(true).redirectOutput(log.toFile()).start(), log);
  }

  private static boolean canResetSignals() {
    List<String> words = new ArrayList<>(DEFAULT_SIGNAL);
    words.add("true");
    try {
      return new ProcessBuilder(words).start().waitFor() == 0;
    } catch (IOException | InterruptedException e) {
      return false;
    }
  }

  /**
   * Whether a child can be ended by SIGINT: not where this JVM ignores it and no program resets it.
   */
  static boolean hearsOfInterrupts() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (HEARS || !Files.exists(status)) {
      return true;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("SigIgn:"))
        .map(line -> Long.parseUnsignedLong(line.substring("SigIgn:".length()).strip(), 16))
        .noneMatch(ignored -> (ignored & 1 << INT - 1) != 0);
  }

  /** Looks again and again until a file or folder is there. */
  public void await(Path appearing) throws Exception {
    await(appearing + " must appear", () -> Files.exists(appearing));
  }

  /** Asks again and again until it is so, for two minutes. */
  void await(String what, Callable<Boolean> condition) throws Exception {
    await(what, condition, PATIENCE_SECONDS);
  }

  /** Asks again and again until it is so; fails if the process ends before. */
  void await(String what, Callable<Boolean> condition, long patienceSeconds) throws Exception {
    for (long tries = 0; !condition.call(); tries++) {
      assertThat(process.isAlive() && tries * LOOK_MILLIS < patienceSeconds * 1000)
          .as("%s: %s", what, log())
          .isTrue();
      Thread.sleep(LOOK_MILLIS);
    }
  }

  /** Waits until it ends, as it must, without an error. */
  void awaitSuccess(long patienceSeconds) throws Exception {
    assertThat(process.waitFor(patienceSeconds, TimeUnit.SECONDS)).as(log()).isTrue();
    assertThat(process.exitValue()).as(log()).isZero();
  }

  /** Kills it. */
  public void kill() throws InterruptedException {
    process.destroyForcibly();
    assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  /** Sends it a signal by name, as a terminal does or a scheduler. Returns its exit code. */
  public int signal(String name) throws Exception {
    assumeThat(!name.equals("INT") || hearsOfInterrupts())
        .as("SIGINT is ignored here, as in the background of a shell, and env cannot reset it")
        .isTrue();
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as(log()).isTrue();
    return process.exitValue();
  }

  /** Its process. */
  public Process process() {
    return process;
  }

  /** What it said. */
  public String log() throws IOException {
    return Files.exists(log) ? Files.readString(log) : "";
  }
}
