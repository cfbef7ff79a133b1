package org.sparklora.spark.quickstart;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.spark.run.SparkSessions;

/**
 * Runs each command in a separate process with this JVM's options, so that its peak memory is that
 * of the command alone.
 *
 * @param out receives what commands print
 */
record OwnProcess(PrintStream out) implements Quickstart.CommandRunner {
  /**
   * @throws IllegalStateException if the command fails; its own message is in {@code out}
   */
  @Override
  public void run(String... arguments) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    line.addAll(List.of("-cp", classPath(), SparkSessions.MAIN_CLASS));
    line.addAll(List.of(arguments));
    Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
    Thread end = new Thread(process::destroy); // stopping this process also stops the command
    Runtime.getRuntime().addShutdownHook(end);
    process.getInputStream().transferTo(out);
    int code = process.waitFor();
    Interruption.check();
    Runtime.getRuntime().removeShutdownHook(end);
    if (code != 0) {
      throw new IllegalStateException(
          "Cannot go on: %s ended with exit code %s and said why above"
              .formatted(arguments[0], code));
    }
  }

  /** This JVM's class path and the application's jar, which spark-submit loads separately. */
  private static String classPath() {
    try {
      Path application =
          Path.of(OwnProcess.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return System.getProperty("java.class.path") + File.pathSeparator + application;
    } catch (URISyntaxException e) {
      throw new IllegalStateException("Cannot tell where this program lies", e);
    }
  }
}
