package org.sparklora.prep;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.sparklora.prep.pack.PackingStrategy;

/**
 * Prints how fast a file of JSON lines becomes packed rows of 1024 tokens in one process, pass by
 * pass, in MB of the file for each CPU second of the whole process: its compiler and garbage
 * collector included.
 *
 * <p>Run: {@code java @conf/jvm.options -XX:+UseParallelGC -cp … org.sparklora.prep.PrepBenchmark
 * MODEL_FOLDER FILE.jsonl [passes] [cores]}.
 */
final class PrepBenchmark {
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private PrepBenchmark() {}

  public static void main(String[] args) throws IOException {
    int passes = args.length > 2 ? Integer.parseInt(args[2]) : 4;
    String cores = args.length > 3 ? args[3] : "2";
    Path output = Files.createTempDirectory("prep").resolve("table");
    double megabytes = Files.size(Path.of(args[1])) / 1e6;
    PrepConfig defaults = PrepConfigs.packed(args[0], args[1], output.toString());
    PrepConfig config =
        new PrepConfig(
            defaults.source(),
            defaults.model(),
            defaults.maxLength(),
            defaults.truncation(),
            PrepConfigs.packing(true, PackingStrategy.BFD, 0),
            defaults.loss(),
            false,
            output.toString(),
            true);
    try (SparkSession session =
        SparkSession.builder()
            .master("local[" + cores + "]")
            .config("spark.ui.enabled", false)
            .getOrCreate()) {
      for (int pass = 0; pass < passes; pass++) {
        long start = PROCESS.getProcessCpuTime();
        TableManifest manifest = PrepJob.run(session, config);
        double seconds = (PROCESS.getProcessCpuTime() - start) / 1e9;
        System.out.printf(
            "pass %d: %.1f MB, %.1f CPU seconds, %.1f MB/s, %.2f M tokens/s%n",
            pass,
            megabytes,
            seconds,
            megabytes / seconds,
            manifest.count("tokens") / 1e6 / seconds);
      }
    }
  }
}
