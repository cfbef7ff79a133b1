package org.sparklora.pipeline.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The answer to {@code --help}: a command's required flags, its other supported flags by group,
 * with defaults, and examples. Commands with few flags have no groups.
 */
public final class HelpText {
  public static final int WIDTH = 100;

  /** On narrower terminals a flag's meaning is below the flag, not beside it. */
  private static final int LEAST_WIDTH_OF_TWO_COLUMNS = 72;

  private static final int COLUMN = 38;
  private static final int INDENT = 6;

  /** A command with at most this many flags has no groups. */
  private static final int FEW_FLAGS = 12;

  private static final String PROGRAM = "bin/spark-lora ";

  private final String command;
  private final int width;
  private final StringBuilder text = new StringBuilder();

  private HelpText(String command, int width) {
    this.command = command;
    this.width = width;
  }

  /**
   * The help of a command.
   *
   * @param summary what the command does, in a sentence
   * @param columns width of the terminal; texts are wrapped to it, and at most to {@link #WIDTH}
   */
  public static String of(String command, String summary, int columns) {
    HelpText help = new HelpText(command, Math.min(WIDTH, columns));
    help.paragraph("", "spark-lora %s: %s".formatted(command, summary));
    help.usage();
    help.groups().forEach(help::group);
    help.footer();
    help.examples();
    return help.text.toString();
  }

  private static Stream<Flag<?>> supported(String command) {
    return FlagCatalog.shared().of(command).stream().filter(flag -> flag.isEffective(command));
  }

  private void usage() {
    String required =
        supported(command)
            .filter(flag -> flag.isRequired(command))
            .map(flag -> "--%s … ".formatted(flag.name()))
            .collect(Collectors.joining());
    line("");
    paragraph("  ", "Usage: " + PROGRAM + command + " " + required + "[--flag value ...]");
  }

  /** The flags of each heading. */
  private Map<String, List<Flag<?>>> groups() {
    Map<String, List<Flag<?>>> groups = new LinkedHashMap<>();
    groups.put("Required", new ArrayList<>());
    long optional = supported(command).filter(flag -> !flag.isRequired(command)).count();
    supported(command)
        .forEach(
            flag -> {
              String other = optional <= FEW_FLAGS ? "Options" : flag.section();
              String heading = flag.isRequired(command) ? "Required" : other;
              groups.computeIfAbsent(heading, any -> new ArrayList<>()).add(flag);
            });
    return groups;
  }

  private void group(String heading, List<Flag<?>> flags) {
    if (flags.isEmpty()) {
      return;
    }
    line("");
    line(heading);
    for (Flag<?> flag : flags) {
      String name =
          "  --%s%s"
              .formatted(
                  flag.name(),
                  flag.defaultValue(command).map(value -> " [" + value + "]").orElse(""));
      boolean beside = width >= LEAST_WIDTH_OF_TWO_COLUMNS;
      List<String> meaning =
          wrapped(flag.notes().of(command), width - (beside ? COLUMN + 1 : INDENT));
      if (beside && name.length() <= COLUMN - 1) {
        line(("%-" + COLUMN + "s %s").formatted(name, meaning.get(0)));
        meaning = meaning.subList(1, meaning.size());
      } else {
        line(name);
      }
      String margin = " ".repeat(beside ? COLUMN + 1 : INDENT);
      meaning.forEach(rest -> line(margin + rest));
    }
  }

  private void footer() {
    line("");
    paragraph(
        "",
        "Defaults are in brackets. A switch is set by --flag and unset by --no_flag; a list takes"
            + " several values, --flag a b.");
    long others =
        FlagCatalog.shared().of(command).stream()
            .filter(flag -> flag.statuses().of(command) == Flag.Status.ACCEPTED)
            .count();
    if (others > 0) {
      paragraph(
          "",
          "TRL's other flags are accepted where they change nothing (%s of them) and refused by name where they would."
              .formatted(others));
    }
  }

  private void examples() {
    List<String[]> examples =
        Arrays.stream(FlagCatalog.resource("examples.tsv").split("\n"))
            .filter(row -> !row.startsWith("#"))
            .map(row -> row.split("\t"))
            .filter(row -> row[0].equals(command.split(" ")[0]))
            .toList();
    line("");
    line(examples.size() == 1 ? "Example" : "Examples");
    for (String[] example : examples) {
      line("  # " + example[1]);
      String whole = PROGRAM + example[0] + " " + example[2];
      // before flags, so that flag and value stay together
      List<String> lines =
          wrapped(List.of(whole.split(" (?=--)")), width - INDENT - " \\".length());
      for (int i = 0; i < lines.size(); i++) {
        line((i == 0 ? "  " : "      ") + lines.get(i) + (i < lines.size() - 1 ? " \\" : ""));
      }
    }
  }

  private void paragraph(String margin, String sentence) {
    List<String> lines = wrapped(sentence, width - margin.length());
    line(lines.get(0));
    lines.subList(1, lines.size()).forEach(rest -> line(margin + rest));
  }

  private void line(String content) {
    text.append(content).append(System.lineSeparator());
  }

  private static List<String> wrapped(String sentence, int width) {
    return wrapped(List.of(sentence.split(" ")), width);
  }

  /** Puts as many parts on a line as fit; a longer part gets a line of its own. */
  private static List<String> wrapped(List<String> parts, int width) {
    List<String> lines = new ArrayList<>();
    String line = parts.get(0);
    for (String part : parts.subList(1, parts.size())) {
      if (line.length() + 1 + part.length() > width) {
        lines.add(line);
        line = part;
      } else {
        line += " " + part;
      }
    }
    lines.add(line);
    return lines;
  }
}
