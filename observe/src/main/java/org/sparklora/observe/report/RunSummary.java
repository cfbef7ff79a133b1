package org.sparklora.observe.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.sparklora.pipeline.config.Flags;

/**
 * Outcomes of several runs, and differences of their settings, as tables of text with a column for
 * each run.
 */
record RunSummary(List<RunLog> runs) {
  /** Settings of a run's folders and name, which are not compared. */
  private static final Set<String> PLACES =
      Set.of(
          Flags.OUTPUT_DIR.name(),
          Flags.RUN_NAME.name(),
          Flags.PACKED_DIR.name(),
          Flags.PROMPTS_DIR.name(),
          Flags.OVERWRITE_OUTPUT_DIR.name());

  private static final double SECONDS_AN_HOUR = 3600;

  /** The most by which the logged steps per second, of three decimals, are rounded down. */
  private static final double RATE_ROUNDING = 5e-4;

  private static final String NONE = "–";

  /** A row of a table: a label, and a text for each run. */
  record Line(String what, List<String> values) {}

  List<Line> outcome() {
    List<Line> lines = new ArrayList<>();
    lines.add(line("optimizer steps", run -> Integer.toString(run.steps())));
    lines.add(line("state", run -> run.isFinished() ? "finished" : "not finished"));
    for (Metric metric : RunFigure.logged(Metric.ALL, runs)) {
      lines.add(outcome(metric));
    }
    lines.add(line("tokens", run -> count(run.curve("num_tokens").last())));
    lines.add(line("hours", run -> number(hours(run))));
    lines.removeIf(line -> line.values().stream().allMatch(NONE::equals));
    return lines;
  }

  private Line outcome(Metric metric) {
    if (metric.scale() != 1) { // memory, of which the peak so far is logged
      return line(metric.title(), run -> number(metric.of(run).max()));
    }
    return metric.noisy()
        ? line(
            String.format(Locale.ROOT, "%s, mean of the last %.0f steps", metric.title(), window()),
            run -> number(metric.of(run).lastMean(window())))
        : line(metric.title() + ", last", run -> number(metric.of(run).last()));
  }

  /** Number of steps that the means at the end cover. */
  double window() {
    return Curve.window(runs.stream().mapToInt(RunLog::steps).max().orElse(0));
  }

  /** Hours of a run; if it is not finished, or was resumed, those of its steps. */
  private static double hours(RunLog run) {
    double sinceResume = run.curve("train_runtime").last();
    double rate = run.curve("train_steps_per_second").last();
    boolean resumed = (rate + RATE_ROUNDING) * sinceResume < run.steps() - 0.5; // false for NaN
    if (Double.isFinite(sinceResume) && !resumed) {
      return sinceResume / SECONDS_AN_HOUR;
    }
    Curve times = run.curve(Metric.STEP_TIME.key());
    double step = times.isEmpty() ? 1 / rate : times.lastMean(run.steps() + 1);
    return step * run.steps() / SECONDS_AN_HOUR;
  }

  /** Settings that not all runs share; runs without recorded settings are not compared. */
  List<Line> differences() {
    Set<String> names =
        runs.stream()
            .flatMap(run -> run.settings().keySet().stream())
            .filter(name -> !PLACES.contains(name))
            .collect(Collectors.toCollection(LinkedHashSet::new));
    List<Line> lines = new ArrayList<>();
    for (String name : names) {
      Line line =
          line(
              name,
              run -> run.settings().containsKey(name) ? setting(run.settings().get(name)) : NONE);
      long different =
          runs.stream()
              .filter(run -> !run.settings().isEmpty())
              .map(run -> String.valueOf(run.settings().get(name)))
              .distinct()
              .count();
      if (different > 1) {
        lines.add(line);
      }
    }
    return lines;
  }

  private static String setting(Object value) {
    return value instanceof List<?> list
        ? list.stream().map(String::valueOf).collect(Collectors.joining(" "))
        : String.valueOf(value);
  }

  private Line line(String what, java.util.function.Function<RunLog, String> value) {
    return new Line(what, runs.stream().map(value).toList());
  }

  private static String number(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4g", value) : NONE;
  }

  private static String count(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%,.0f", value) : NONE;
  }

  /** The numbers behind {@link #outcome}, for programs: by run, by metric. */
  Map<String, Map<String, Object>> numbers() {
    Map<String, Map<String, Object>> byRun = new LinkedHashMap<>();
    for (RunLog run : runs) {
      Map<String, Object> numbers = new LinkedHashMap<>();
      numbers.put("steps", run.steps());
      numbers.put("finished", run.isFinished());
      put(numbers, "hours", hours(run));
      for (Metric metric : Metric.ALL) {
        Curve logged = run.curve(metric.key());
        put(numbers, metric.key(), logged.last());
        put(numbers, metric.key() + "_mean_of_last_steps", logged.lastMean(window()));
        put(numbers, metric.key() + "_max", logged.max());
      }
      byRun.put(run.name(), numbers);
    }
    return byRun;
  }

  private static void put(Map<String, Object> numbers, String name, double value) {
    if (Double.isFinite(value)) {
      numbers.put(name, value);
    }
  }
}
