package org.sparklora.spark.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.sparklora.model.engine.tensor.NativeMemory;

/**
 * Trains again and again in one JVM and prints the resident memory after each run, by owner: {@code
 * TrainingsInOneJvm COUNT FOLDER COMMAND FLAGS…}, where each run writes into a folder of its own in
 * {@code FOLDER}. {@code spark-job/bench/many_trainings.sh} starts it. Fails if memory that is
 * neither Java's heap nor its classes and compiled code, where native leaks would be, grows by more
 * than 5 % after the tenth run.
 */
final class TrainingsInOneJvm {
  private static final int KIB = 1024;
  private static final int SETTLED = 10;
  private static final double BOUND = 1.05;

  private TrainingsInOneJvm() {}

  public static void main(String[] arguments) throws IOException {
    int count = Integer.parseInt(arguments[0]);
    List<Long> outside = new ArrayList<>();
    for (int run = 1; run <= count; run++) {
      List<String> command = new ArrayList<>(List.of(arguments).subList(2, arguments.length));
      command.addAll(List.of("--output_dir", Path.of(arguments[1], "run-" + run).toString()));
      if (Main.run(command.toArray(String[]::new)) != 0) {
        throw new IllegalStateException("Run %d failed".formatted(run));
      }
      MemoryMXBean java = ManagementFactory.getMemoryMXBean();
      long resident = residentKib();
      long heap = java.getHeapMemoryUsage().getCommitted() / KIB;
      long code = java.getNonHeapMemoryUsage().getCommitted() / KIB;
      outside.add(resident - heap - code);
      System.out.printf(
          "run %d: %,d KiB resident: Java's heap %,d, its classes and compiled code %,d (%,d"
              + " classes), the rest %,d, of it tensors %,d%n",
          run,
          resident,
          heap,
          code,
          ManagementFactory.getClassLoadingMXBean().getLoadedClassCount(),
          outside.get(run - 1),
          NativeMemory.liveBytes() / KIB);
    }
    if (count > SETTLED) {
      double ratio = outside.get(count - 1) / (double) outside.get(SETTLED - 1);
      System.out.printf(
          "after %d runs the rest is %.3f of what it is after %d%n", count, ratio, SETTLED);
      if (ratio > BOUND) {
        System.exit(1);
      }
    }
  }

  private static long residentKib() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
