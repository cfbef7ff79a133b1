package org.sparklora.observe.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.sparklora.pipeline.table.LoggedCompletion;

/**
 * The page of runs, which needs no other file: {@code page/page.html} with its style, its scripts,
 * the charting library and the data in it. If a server serves the page, the page asks it for
 * changes.
 *
 * <p>Browsers accept only scripts and styles with the page's nonce: markup in a completion or a
 * name would do nothing even if it were not escaped.
 */
final class RunPage {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Files of modules, by the names of their imports. */
  private static final Map<String, String> MODULES =
      Map.of(
          "uplot", "uplot/uPlot.iife.min.js",
          "elements", "elements.js",
          "chart", "chart.js",
          "charts", "charts.js",
          "completions", "completions.js",
          "theme", "theme.js");

  /** Makes a module of the library, a script that sets a variable. */
  private static final String LIBRARY_EXPORT = "\nexport default uPlot;\n";

  private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");

  private RunPage() {}

  /** A page that a server's events keep current. */
  static String live(String title, PageState state) {
    return html(title, state, Map.of("live", true), "");
  }

  /**
   * A page without a server.
   *
   * @param completions rows in the page, by run
   * @param png shown if scripts are disabled
   */
  static String whole(
      String title, PageState state, List<List<LoggedCompletion>> completions, byte[] png) {
    String figure =
        "<noscript><figure><img alt=\"%s\" src=\"data:image/png;base64,%s\"></figure></noscript>"
            .formatted(
                FigurePage.escaped("Curves of " + title), Base64.getEncoder().encodeToString(png));
    List<List<Map<String, Object>>> rows =
        completions.stream().map(run -> run.stream().map(RunPage::row).toList()).toList();
    return html(title, state, new TreeMap<>(Map.of("live", false, "rows", rows)), figure);
  }

  private static String html(
      String title, PageState state, Map<String, Object> more, String figure) {
    Map<String, Object> data = state.since(PageState.NOTHING);
    String outcome = (String) data.remove("outcome");
    String differences = (String) data.remove("differences");
    data.putAll(more);
    Map<String, String> parts =
        Map.of(
            "title", FigurePage.escaped(title),
            "nonce", UUID.randomUUID().toString(),
            "style", resource("page.css") + resource("uplot/uPlot.min.css"),
            "imports", imports(),
            "script", resource("page.js"),
            "figure", figure,
            "outcome", outcome,
            "differences", differences,
            "data", json(data).replace("<", "\\u003c")); // no text ends the script
    // in one pass: an inserted text may itself look like a placeholder
    return PLACE
        .matcher(resource("page.html"))
        .replaceAll(place -> Matcher.quoteReplacement(parts.get(place.group(1))));
  }

  private static String imports() {
    Map<String, String> addresses = new LinkedHashMap<>();
    MODULES.forEach(
        (name, file) -> {
          String source = resource(file) + (name.equals("uplot") ? LIBRARY_EXPORT : "");
          addresses.put(
              name,
              "data:text/javascript;base64,"
                  + Base64.getEncoder().encodeToString(source.getBytes(StandardCharsets.UTF_8)));
        });
    return json(Map.of("imports", addresses));
  }

  private static String resource(String name) {
    try (InputStream in = RunPage.class.getResourceAsStream("page/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A completion, ready for JSON. */
  static Map<String, Object> row(LoggedCompletion row) {
    Map<String, Object> rewards = new LinkedHashMap<>();
    row.rewards().forEach((name, reward) -> rewards.put(name, finite(reward)));
    return PageState.ordered(
        "step", row.step(),
        "prompt", row.prompt(),
        "completion", row.completion(),
        "rewards", rewards,
        "advantage", finite(row.advantage()));
  }

  private static Object finite(double value) {
    return Double.isFinite(value) ? value : null;
  }

  /** A table with a column for each run; the empty string without lines. */
  static String table(List<RunLog> runs, List<RunSummary.Line> lines) {
    if (lines.isEmpty()) {
      return "";
    }
    StringBuilder table = new StringBuilder("<table>\n<thead><tr><td></td>");
    for (int run = 0; run < runs.size(); run++) {
      table.append(
          "<th scope=\"col\"><span class=\"swatch run-%s\"></span>%s</th>"
              .formatted(RunColors.number(run), FigurePage.escaped(runs.get(run).name())));
    }
    table.append("</tr></thead>\n<tbody>\n");
    for (RunSummary.Line line : lines) {
      table.append(
          "<tr><th scope=\"row\">%s</th>%s</tr>\n"
              .formatted(
                  FigurePage.escaped(line.what()),
                  line.values().stream()
                      .map(value -> "<td>" + FigurePage.escaped(value) + "</td>")
                      .collect(Collectors.joining())));
    }
    return table.append("</tbody>\n</table>").toString();
  }
}
