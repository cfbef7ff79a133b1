package org.sparklora.observe.report;

import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;

/**
 * An HTML page with figures and a table, in a single file.
 *
 * @param lead paragraphs above the figure
 * @param figures PNGs
 */
public record FigurePage(
    String title,
    List<String> lead,
    List<byte[]> figures,
    String tableTitle,
    List<String> head,
    List<List<String>> rows) {
  private static final String STYLE =
      """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1160px; margin: 2.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .2rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p, figcaption { color: #666; margin: .2rem 0 } figure { margin: 1.5rem 0 } img { width: 100%; height: auto }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .9rem .25rem 0; border-bottom: 1px solid #e6e6e6; text-align: right; vertical-align: top }
th:first-child, td:first-child { text-align: left } thead th { border-bottom: 2px solid #ccc }
""";

  public String html() {
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
           %3$s
           %4$s
           <h2>%5$s</h2>
           <div class="wide"><table>
           <thead><tr>%6$s</tr></thead>
           <tbody>
           %7$s
           </tbody>
           </table></div>
           </body>
           </html>
           """
        .formatted(
            escaped(title),
            STYLE,
            lead.stream()
                .map(line -> "<p>" + escaped(line) + "</p>")
                .collect(Collectors.joining("\n")),
            figures.stream().map(this::figure).collect(Collectors.joining("\n")),
            escaped(tableTitle),
            head.stream()
                .map(cell -> "<th>" + escaped(cell) + "</th>")
                .collect(Collectors.joining()),
            rows.stream().map(FigurePage::row).collect(Collectors.joining("\n")));
  }

  private String figure(byte[] png) {
    return """
           <figure>
           <img alt="%s" src="data:image/png;base64,%s">
           </figure>"""
        .formatted(escaped(title), Base64.getEncoder().encodeToString(png));
  }

  private static String row(List<String> cells) {
    return cells.stream()
        .map(cell -> "<td>" + escaped(cell) + "</td>")
        .collect(Collectors.joining("", "<tr>", "</tr>"));
  }

  static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
