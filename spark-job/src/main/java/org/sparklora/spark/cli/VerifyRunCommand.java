package org.sparklora.spark.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.FileSystem;
import org.sparklora.observe.track.RunSettings;
import org.sparklora.observe.verify.Baseline;
import org.sparklora.observe.verify.RunComparison;
import org.sparklora.observe.verify.RunDiffersException;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.LocalPath;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.MetricsLog;
import org.sparklora.pipeline.run.OutputFile;

/**
 * {@code spark-lora verify-run RUN --baseline FILE}: fails with the differences if a run's log is
 * not the recorded one. {@code --write_baseline} records it instead.
 */
public final class VerifyRunCommand {
  private VerifyRunCommand() {}

  /**
   * Runs the command.
   *
   * @throws ConfigException if run or baseline cannot be read
   * @throws RunDiffersException if the two differ
   */
  public static void run(Settings settings) throws IOException {
    Path file = LocalPath.of(settings, Flags.BASELINE);
    String name = settings.get(Flags.RUN);
    Baseline run = read(name);
    if (settings.get(Flags.WRITE_BASELINE)) { // it replaces an existing one
      try (OutputFile out = OutputFile.open("baseline", file.toString(), true)) {
        out.write(run.toJson());
        out.finish();
      }
      System.out.printf(Locale.ROOT, "%s: recorded from %s%n", file, name);
      return;
    }
    RunComparison comparison = RunComparison.of(Baseline.parse(text(file), file.toString()), run);
    if (!comparison.agrees()) {
      System.out.print(comparison.toText());
      throw new RunDiffersException(
          "%s differs from %s in %s".formatted(name, file, comparison.summary()));
    }
    System.out.printf(
        Locale.ROOT, "%s: all %,d values are as in %s%n", name, comparison.compared(), file);
  }

  private static Baseline read(String name) throws IOException {
    org.apache.hadoop.fs.Path folder = new org.apache.hadoop.fs.Path(name);
    FileSystem fileSystem = folder.getFileSystem(HadoopSettings.configuration());
    List<Map<String, Object>> rows = MetricsLog.read(fileSystem, folder);
    ConfigException.require(
        !rows.isEmpty(),
        Flags.RUN,
        name,
        "it holds no %s with rows; name the --output_dir of a run".formatted(MetricsLog.FILE_NAME));
    return Baseline.of(RunSettings.read(fileSystem, folder), rows);
  }

  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new ConfigException(
          Flags.BASELINE, file, "there is no such file; record one with --write_baseline");
    }
  }
}
