package org.sparklora.spark.report;

import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;

/** The report as one HTML page that needs no other file. */
final class ReportPage {
  private static final String STYLE =
      """
      body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1160px; margin: 2.5rem auto; padding: 0 1rem; }
      h1 { font-size: 1.5rem; margin: 0 0 .2rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
      p, figcaption { color: #666; margin: .2rem 0 } figure { margin: 1.5rem 0 } img { width: 100%; height: auto }
      .wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
      th, td { padding: .25rem .9rem .25rem 0; border-bottom: 1px solid #e6e6e6; text-align: right; vertical-align: top }
      th:first-child, td:first-child { text-align: left } thead th { border-bottom: 2px solid #ccc }
      .run { display: inline-block; width: .75em; height: .75em; border-radius: 50%; margin-right: .4em }
      """;

  private ReportPage() {}

  /**
   * The page.
   *
   * @param png the figure
   */
  static String html(String title, RunSummary summary, byte[] png) {
    List<RunSummary.Line> differences = summary.differences();
    return """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>%1$s</title>
        <style>
        %2$s</style>
        </head>
        <body>
        <h1>%1$s</h1>
        <p>%3$s</p>
        <figure>
        <img alt="%4$s" src="data:image/png;base64,%5$s">
        </figure>
        <h2>What came out</h2>
        %6$s
        %7$s
        </body>
        </html>
        """
        .formatted(
            escaped(title),
            STYLE,
            escaped(RunFigure.notes(RunFigure.logged(Metric.ALL, summary.runs()), summary.runs())),
            escaped("Curves of " + title),
            Base64.getEncoder().encodeToString(png),
            table(summary.runs(), summary.outcome()),
            differences.isEmpty()
                ? ""
                : "<h2>Settings that differ</h2>\n" + table(summary.runs(), differences));
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
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
