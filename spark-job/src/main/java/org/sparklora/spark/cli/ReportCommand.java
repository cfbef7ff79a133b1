package org.sparklora.spark.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.observe.report.LiveReport;
import org.sparklora.observe.report.RunLog;
import org.sparklora.observe.report.RunReport;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.LocalPath;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.Interruption;

/** {@code report}: the curves and the outcome of runs side by side, as files or as a live page. */
public final class ReportCommand {
  private static final long LOOK_MILLIS = 50;

  private ReportCommand() {}

  /** Runs the command. */
  public static void run(Settings settings) throws IOException, InterruptedException {
    List<String> folders = settings.get(Flags.RUNS);
    List<String> labels = settings.find(Flags.LABELS).orElse(List.of());
    ConfigException.require(
        labels.isEmpty() || labels.size() == folders.size(),
        Flags.LABELS,
        String.join(" ", labels),
        "one for each of the %s runs is expected".formatted(folders.size()));
    if (settings.get(Flags.LIVE)) {
      serve(settings, folders, labels);
    } else {
      write(settings, folders, labels);
    }
  }

  private static void write(Settings settings, List<String> folders, List<String> labels)
      throws IOException {
    ConfigException.require(
        settings.isGiven(Flags.OUTPUT_DIR),
        Flags.OUTPUT_DIR,
        "unset",
        "name a folder for the report, or add --%s to look at it without one"
            .formatted(Flags.LIVE));
    Path output = LocalPath.of(settings, Flags.OUTPUT_DIR);
    Configuration hadoop = HadoopSettings.configuration();
    List<RunLog> runs = folders.stream().map(folder -> RunLog.read(hadoop, folder)).toList();
    RunReport.write(hadoop, output, title(settings), folders, named(runs, folders, labels));
    System.out.println(output.resolve("report.html"));
  }

  private static void serve(Settings settings, List<String> folders, List<String> labels)
      throws IOException, InterruptedException {
    ConfigException.require(
        settings.find(Flags.OUTPUT_DIR).isEmpty(),
        Flags.OUTPUT_DIR,
        settings.find(Flags.OUTPUT_DIR).orElse(""),
        "--%s writes no files; leave one of the two out".formatted(Flags.LIVE));
    Configuration hadoop = HadoopSettings.configuration();
    List<RunLog> runs = folders.stream().map(folder -> RunLog.begun(hadoop, folder)).toList();
    Interruption.tell(() -> "The report is no longer served");
    try (LiveReport report =
        LiveReport.start(
            hadoop,
            title(settings),
            folders,
            named(runs, folders, labels),
            settings.get(Flags.PORT))) {
      System.out.println(report.address());
      while (!Interruption.isRequested()) {
        Thread.sleep(LOOK_MILLIS);
      }
    }
  }

  private static String title(Settings settings) {
    return settings.find(Flags.TITLE).orElse("");
  }

  /** The runs with distinct names: the labels, or the runs' names, or the folders as given. */
  private static List<RunLog> named(List<RunLog> runs, List<String> folders, List<String> labels) {
    Set<String> names = new HashSet<>(runs.stream().map(RunLog::name).toList());
    List<RunLog> named = new ArrayList<>();
    for (int run = 0; run < runs.size(); run++) {
      String name = names.size() == runs.size() ? runs.get(run).name() : folders.get(run);
      named.add(runs.get(run).named(labels.isEmpty() ? name : labels.get(run)));
    }
    ConfigException.require(
        named.stream().map(RunLog::name).distinct().count() == named.size(),
        labels.isEmpty() ? "runs" : "labels",
        String.join(" ", labels.isEmpty() ? folders : labels),
        "each must be named once");
    return named;
  }
}
