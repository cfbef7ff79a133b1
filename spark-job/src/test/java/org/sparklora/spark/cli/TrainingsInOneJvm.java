package org.sparklora.spark.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.sparklora.model.engine.NativeMemory;

/**
 * Trains again and again in one JVM and prints the resident memory after each run: {@code
 * TrainingsInOneJvm COUNT FOLDER COMMAND FLAGS…}, where each run writes into a folder of its own in
 * {@code FOLDER}. {@code spark-job/bench/many_trainings.sh} starts it.
 */
final class TrainingsInOneJvm {
  private static final int KIB = 1024;
  private static final int SETTLED = 10;
  private static final double BOUND = 1.05;

  private TrainingsInOneJvm() {}

  public static void main(String[] arguments) throws IOException {
    int count = Integer.parseInt(arguments[0]);
    List<Long> resident = new ArrayList<>();
    for (int run = 1; run <= count; run++) {
      List<String> command = new ArrayList<>(List.of(arguments).subList(2, arguments.length));
      command.addAll(List.of("--output_dir", Path.of(arguments[1], "run-" + run).toString()));
      if (Main.run(command.toArray(String[]::new)) != 0) {
        throw new IllegalStateException("Run %d failed".formatted(run));
      }
      resident.add(residentKib());
      MemoryMXBean java = ManagementFactory.getMemoryMXBean();
      System.out.printf(
          "run %d: %,d KiB resident; of it Java's heap %,d, its other memory %,d, tensors %,d%n",
          run,
          resident.get(run - 1),
          java.getHeapMemoryUsage().getCommitted() / KIB,
          java.getNonHeapMemoryUsage().getCommitted() / KIB,
          NativeMemory.liveBytes() / KIB);
    }
    if (count > SETTLED) {
      double ratio = resident.get(count - 1) / (double) resident.get(SETTLED - 1);
      System.out.printf("after %d runs %.3f of what it is after %d%n", count, ratio, SETTLED);
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
