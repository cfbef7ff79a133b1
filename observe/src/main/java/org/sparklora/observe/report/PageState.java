package org.sparklora.observe.report;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The state of runs that the page shows at one time, without completions themselves. Immutable.
 *
 * @param version unique among all states of all servers
 * @param runs in the order of their colours
 */
record PageState(String version, List<RunLog> runs, List<Completions> completions) {

  /**
   * Summary of a run's completions.
   *
   * @param rewards names of the reward functions
   * @param unreadable names of files that cannot be read
   */
  record Completions(long count, List<String> rewards, List<String> unreadable) {
    static Completions of(RunCompletions completions) {
      return new Completions(completions.count(), completions.rewards(), completions.unreadable());
    }
  }

  /** A state without runs; all values of another state are changes since this one. */
  static final PageState NOTHING = new PageState("", List.of(), List.of());

  PageState {
    runs = List.copyOf(runs);
    completions = List.copyOf(completions);
  }

  /**
   * The changes since {@code earlier}, ready for JSON. Of a curve they have the values from the
   * first changed one on.
   */
  Map<String, Object> since(PageState earlier) {
    RunSummary summary = new RunSummary(runs);
    List<Metric> metrics = RunFigure.logged(Metric.ALL, runs);
    PageState shown = earlier.runs().size() == runs.size() ? earlier : NOTHING;
    return ordered(
        "version", version,
        "window", summary.window(),
        "metrics", metrics.stream().map(this::metric).toList(),
        "runs", IntStream.range(0, runs.size()).mapToObj(run -> run(run, metrics, shown)).toList(),
        "outcome", RunPage.table(runs, summary.outcome()),
        "differences", RunPage.table(runs, summary.differences()));
  }

  private Map<String, Object> metric(Metric metric) {
    return ordered(
        "key", metric.key(),
        "title", metric.title(),
        "noisy", metric.noisy(),
        "from_zero", metric.axis().name().startsWith(Metric.Axis.FROM_ZERO.name()),
        "logarithmic", ValueScale.of(metric, runs).isLogarithmic());
  }

  private Map<String, Object> run(int number, List<Metric> metrics, PageState earlier) {
    RunLog run = runs.get(number);
    Map<String, Object> curves = new LinkedHashMap<>();
    for (Metric metric : metrics) {
      Curve curve = metric.of(run);
      Curve shown =
          earlier.runs().isEmpty()
              ? new Curve(new double[0], new double[0])
              : metric.of(earlier.runs().get(number));
      // number of values at the beginning that both curves share
      int from =
          Math.min(
              mismatch(shown.steps(), curve.steps()), mismatch(shown.values(), curve.values()));
      if (from < curve.steps().length || from < shown.steps().length) {
        curves.put(
            metric.key(),
            ordered(
                "from", from,
                "steps", tail(curve.steps(), from),
                "values", tail(curve.values(), from)));
      }
    }
    Completions logged = completions.get(number);
    return ordered(
        "name", run.name(),
        "steps", run.steps(),
        "finished", run.isFinished(),
        "curves", curves,
        "completions", logged.count(),
        "rewards", logged.rewards(),
        "unreadable", logged.unreadable());
  }

  /** A map in the order of its arguments, so that the page of a run is reproducible. */
  static Map<String, Object> ordered(Object... namesAndValues) {
    Map<String, Object> ordered = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      ordered.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return ordered;
  }

  private static int mismatch(double[] one, double[] other) {
    int first = Arrays.mismatch(one, other);
    return first < 0 ? one.length : first;
  }

  /** The values from an index on; null for NaN, which JSON does not have. */
  private static List<Double> tail(double[] values, int from) {
    return Arrays.stream(values, from, values.length)
        .mapToObj(value -> Double.isFinite(value) ? (Double) value : null)
        .collect(Collectors.toList());
  }
}
