package org.sparklora.spark.report;

import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;

/** The report as one HTML page that needs no other file. */
final class ReportPage {
  private ReportPage() {}

  /**
   * The page.
   *
   * @param png the figure
   */
  static String html(String title, RunSummary summary, byte[] png) {
    List<RunSummary.Line> differences = summary.differences();
    return FigurePage.html(
        title,
        """
        <p>%s</p>
        <figure>
        <img alt="%s" src="data:image/png;base64,%s">
        </figure>
        <h2>What came out</h2>
        %s
        %s"""
            .formatted(
                escaped(
                    RunFigure.notes(RunFigure.logged(Metric.ALL, summary.runs()), summary.runs())),
                escaped("Curves of " + title),
                Base64.getEncoder().encodeToString(png),
                table(summary.runs(), summary.outcome()),
                differences.isEmpty()
                    ? ""
                    : "<h2>Settings that differ</h2>\n" + table(summary.runs(), differences)));
  }

  private static String table(List<RunLog> runs, List<RunSummary.Line> lines) {
    StringBuilder table = new StringBuilder("<div class=\"wide\"><table>\n<thead><tr><th></th>");
    for (int run = 0; run < runs.size(); run++) {
      table.append(
          "<th><span class=\"run\" style=\"background:%s\"></span>%s</th>"
              .formatted(RunColors.html(run), escaped(runs.get(run).name())));
    }
    table.append("</tr></thead>\n<tbody>\n");
    for (RunSummary.Line line : lines) {
      table.append(
          "<tr><td>%s</td>%s</tr>\n"
              .formatted(
                  escaped(line.what()),
                  line.values().stream()
                      .map(value -> "<td>" + escaped(value) + "</td>")
                      .collect(Collectors.joining())));
    }
    return table.append("</tbody>\n</table></div>").toString();
  }

  private static String escaped(String text) {
    return FigurePage.escaped(text);
  }
}
