package org.sparklora.observe.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.LoggedCompletion;
import org.sparklora.pipeline.table.TableException;

/**
 * Compares runs: {@code report.png} (their curves), {@code report.html} (the page of {@link
 * LiveReport} with all that it shows in one file) and {@code report.json} (the numbers of the
 * tables).
 */
public final class RunReport {
  /** Most completions in a page, which a browser shows without delay. */
  private static final int MOST_COMPLETIONS = 2_000;

  private static final long MOST_CHARACTERS = 4_000_000;

  private RunReport() {}

  /**
   * Writes the report; replaces files of an earlier one, each when the new file is complete.
   *
   * @param title of the report; empty for the runs' names
   * @param runs with distinct names
   * @throws ConfigException if the runs have logged no metric that can be drawn
   */
  public static void write(
      Configuration hadoop, Path folder, String title, List<String> folders, List<RunLog> runs)
      throws IOException {
    List<Metric> metrics = RunFigure.logged(Metric.ALL, runs);
    ConfigException.require(
        !metrics.isEmpty(),
        Flags.RUNS,
        names(runs),
        "none of them has logged a metric that could be drawn; look at their --logging_steps");
    String shown = title.isEmpty() ? names(runs) : title;
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw TableException.unwritten(folder, e);
    }
    RunFigure figure = new RunFigure(metrics, runs);
    write(folder.resolve("report.png"), figure.png(shown));
    byte[] inline = figure.png(""); // the page has the title itself
    write(folder.resolve("report.html"), utf8(page(hadoop, shown, folders, runs, inline)));
    RunSummary summary = new RunSummary(runs);
    Map<String, Object> numbers =
        PageState.ordered("mean_of_last_steps", summary.window(), "runs", summary.numbers());
    write(
        folder.resolve("report.json"),
        utf8(new ObjectMapper().valueToTree(numbers).toPrettyString()));
  }

  private static String page(
      Configuration hadoop, String title, List<String> folders, List<RunLog> runs, byte[] png)
      throws IOException {
    List<PageState.Completions> counts = new ArrayList<>();
    List<List<LoggedCompletion>> rows = new ArrayList<>();
    for (String run : folders) {
      RunCompletions completions = new RunCompletions(hadoop, run);
      completions.refresh();
      counts.add(PageState.Completions.of(completions));
      rows.add(
          completions.latest(MOST_COMPLETIONS / folders.size(), MOST_CHARACTERS / folders.size()));
    }
    return RunPage.whole(title, new PageState("", runs, counts), rows, png);
  }

  static String names(List<RunLog> runs) {
    return String.join(", ", runs.stream().map(RunLog::name).toList());
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Writes a file; an existing one stays as it is if the new one cannot be written. */
  private static void write(Path file, byte[] bytes) throws IOException {
    Path target = Files.isSymbolicLink(file) && Files.exists(file) ? file.toRealPath() : file;
    Path aside = target.resolveSibling(target.getFileName() + ".part");
    try {
      Files.write(aside, bytes);
      Files.move(aside, target, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      Files.deleteIfExists(aside);
      throw TableException.unwritten(file, e);
    }
  }
}
