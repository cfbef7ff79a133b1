package org.sparklora.spark.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/**
 * Compares runs: {@code report.png} (their curves), {@code report.html} (the same with tables of
 * what came out and what differs, in one file) and {@code report.json} (the numbers of the tables).
 */
public final class RunReport {
  private RunReport() {}

  /**
   * Writes the report; files of an earlier one are replaced, each when the new one is whole.
   *
   * @param title or the empty string for the runs' names
   * @param runs with names that differ
   * @throws ConfigException if the runs have nothing that could be drawn
   */
  public static void write(Path folder, String title, List<RunLog> runs) throws IOException {
    List<Metric> metrics = RunFigure.logged(Metric.ALL, runs);
    ConfigException.require(
        !metrics.isEmpty(),
        Flags.RUNS,
        names(runs),
        "none of them has logged a metric that could be drawn; look at their --logging_steps");
    String shown = title.isEmpty() ? names(runs) : title;
    RunSummary summary = new RunSummary(runs);
    Files.createDirectories(folder);
    write(folder.resolve("report.png"), RunFigure.png(shown, metrics, runs));
    byte[] inline = RunFigure.png("", metrics, runs); // the page has the title itself
    write(folder.resolve("report.html"), utf8(ReportPage.html(shown, summary, inline)));
    write(
        folder.resolve("report.json"),
        utf8(
            new ObjectMapper()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .writeValueAsString(
                    Map.of("mean_of_last_steps", summary.window(), "runs", summary.numbers()))));
  }

  private static String names(List<RunLog> runs) {
    return String.join(", ", runs.stream().map(RunLog::name).toList());
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void write(Path file, byte[] bytes) throws IOException {
    Path target = Files.isSymbolicLink(file) && Files.exists(file) ? file.toRealPath() : file;
    Path aside = target.resolveSibling(target.getFileName() + ".part");
    Files.write(aside, bytes);
    Files.move(aside, target, StandardCopyOption.REPLACE_EXISTING);
  }
}
