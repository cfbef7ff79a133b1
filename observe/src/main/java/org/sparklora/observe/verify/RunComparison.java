package org.sparklora.observe.verify;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Compares a run with a baseline, point by point. Of each recorded metric the run must have the
 * same points in the same order, within the tolerance, and no others; metrics that are not recorded
 * are ignored.
 *
 * @param compared number of the baseline's points
 * @param differences points that do not agree, by metric and step
 * @param settings settings that differ between the runs, which may explain the differences
 */
public record RunComparison(int compared, List<Difference> differences, List<String> settings) {
  private static final int SHOWN_DIFFERENCES = 20;

  /** Shown for a point that only one of the two has. */
  private static final String ABSENT = "missing";

  /** A point that does not agree; values as formatted text. */
  record Difference(String metric, int step, String expected, String found, String tolerance) {}

  public static RunComparison of(Baseline baseline, Baseline run) {
    List<Difference> differences = new ArrayList<>();
    baseline
        .curves()
        .forEach(
            (name, curve) ->
                compare(
                    name,
                    curve,
                    Optional.ofNullable(run.curves().get(name))
                        .map(Baseline.Curve::points)
                        .orElse(List.of()),
                    differences));
    int points = baseline.curves().values().stream().mapToInt(c -> c.points().size()).sum();
    return new RunComparison(points, differences, settings(baseline, run));
  }

  private static void compare(
      String name, Baseline.Curve expected, List<Baseline.Point> found, List<Difference> into) {
    int e = 0;
    int f = 0;
    while (e < expected.points().size() || f < found.size()) {
      Optional<Baseline.Point> left = at(expected.points(), e);
      Optional<Baseline.Point> right = at(found, f);
      int leftStep = left.map(Baseline.Point::step).orElse(Integer.MAX_VALUE);
      int rightStep = right.map(Baseline.Point::step).orElse(Integer.MAX_VALUE);
      Optional<Baseline.Point> l = leftStep <= rightStep ? left : Optional.empty();
      Optional<Baseline.Point> r = rightStep <= leftStep ? right : Optional.empty();
      if (!agrees(expected.tolerance(), l, r)) {
        into.add(
            new Difference(
                name,
                Math.min(leftStep, rightStep),
                shown(l),
                shown(r),
                expected.tolerance().toString()));
      }
      e += l.isPresent() ? 1 : 0;
      f += r.isPresent() ? 1 : 0;
    }
  }

  private static Optional<Baseline.Point> at(List<Baseline.Point> points, int index) {
    return index < points.size() ? Optional.of(points.get(index)) : Optional.empty();
  }

  private static boolean agrees(
      Tolerance tolerance, Optional<Baseline.Point> expected, Optional<Baseline.Point> found) {
    if (expected.isEmpty() || found.isEmpty()) {
      return false;
    }
    Optional<Double> left = expected.get().value();
    Optional<Double> right = found.get().value();
    return left.isPresent() && right.isPresent()
        ? tolerance.allows(left.get(), right.get())
        : left.equals(right);
  }

  private static String shown(Optional<Baseline.Point> point) {
    return point
        .map(p -> p.value().map(value -> String.format(Locale.ROOT, "%.6g", value)).orElse("null"))
        .orElse(ABSENT);
  }

  private static List<String> settings(Baseline baseline, Baseline run) {
    Set<String> names = new TreeSet<>(baseline.settings().keySet());
    names.addAll(run.settings().keySet());
    Map<String, Object> left = baseline.settings();
    Map<String, Object> right = run.settings();
    return names.stream()
        .filter(name -> !Objects.equals(text(left, name), text(right, name)))
        .map(name -> "%s: %s → %s".formatted(name, text(left, name), text(right, name)))
        .toList();
  }

  private static String text(Map<String, Object> settings, String name) {
    return String.valueOf(settings.getOrDefault(name, "unset"));
  }

  /** The numbers of recorded values that differ, and of further values in the run. */
  public String summary() {
    long unrecorded = differences.stream().filter(d -> d.expected().equals(ABSENT)).count();
    return "%s of %s values%s"
        .formatted(
            differences.size() - unrecorded,
            compared,
            unrecorded == 0 ? "" : ", and has %s more".formatted(unrecorded));
  }

  public boolean agrees() {
    return differences.isEmpty();
  }

  /** A table of the first differences, and the settings that differ. */
  public String toText() {
    StringBuilder text = new StringBuilder();
    String line = "%-32s %6s  %-12s %-12s %s%n";
    text.append(
        String.format(Locale.ROOT, line, "metric", "step", "expected", "found", "tolerance"));
    differences.stream()
        .limit(SHOWN_DIFFERENCES)
        .forEach(
            d ->
                text.append(
                    String.format(
                        Locale.ROOT,
                        line,
                        d.metric(),
                        d.step(),
                        d.expected(),
                        d.found(),
                        d.tolerance())));
    if (differences.size() > SHOWN_DIFFERENCES) {
      text.append("and %s more%n".formatted(differences.size() - SHOWN_DIFFERENCES));
    }
    settings.forEach(setting -> text.append("setting %s%n".formatted(setting)));
    return text.toString();
  }
}
