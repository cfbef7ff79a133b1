package org.sparklora.prep;

import java.util.ArrayList;
import java.util.IntSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.PrepConfig.OnBadRows;
import org.sparklora.prep.curate.CurateManifest;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.document.SplitReport.Count;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.DatasetFile;

/** The sums of tasks' reports, to which further reports can be added. Not thread-safe. */
public record PrepCounts(List<SplitReport> reports) {
  private static final int KEPT_PROBLEMS = 20;

  PrepCounts() {
    this(new ArrayList<>());
  }

  public static PrepCounts sum(List<DatasetInput> parts) {
    return new PrepCounts(parts.stream().flatMap(part -> part.counts().reports.stream()).toList());
  }

  /** Replaces the counts of files by those that {@code curate} took when it filtered them. */
  void replaceBy(CurateManifest.Counts curated) {
    long filtered = curated.removed().get(Flags.FILTER.name());
    SplitReport report = new SplitReport();
    report.badRows().putAll(curated.badRows());
    report.problems().addAll(curated.problems());
    report.count(Count.ROWS, curated.rows() - curated.kept() - filtered); // bad ones
    report.count(Count.FILTERED, filtered);
    reports.clear();
    reports.add(report);
  }

  /** Counts a file that could not be cut into splits; throws its problem unless it is skipped. */
  void addUnreadable(BadRowException problem, OnBadRows onBadRows) {
    SplitReport report = new SplitReport();
    report.countBad(problem, onBadRows == OnBadRows.SKIP);
    reports.add(report);
  }

  /** The first few problems of bad rows, in row order. */
  public List<String> problems() {
    return reports.stream()
        .flatMap(report -> report.problems().stream())
        .map(BadRowException::problem)
        .limit(KEPT_PROBLEMS)
        .toList();
  }

  /** Throws {@link ConfigException} with the first problem counted, unless {@code there}. */
  public void requireRows(boolean there, String dataset, String problem) {
    List<String> problems = problems();
    ConfigException.require(
        there,
        Flags.DATASET_NAME,
        dataset,
        problem
            + "; name a dataset with rows"
            + (problems.isEmpty() ? "" : ". First problem: " + problems.get(0)));
  }

  /** Bad rows by reason. */
  public Map<String, Long> skipped() {
    Map<String, Long> skipped = new TreeMap<>();
    for (SplitReport report : reports) {
      report.badRows().forEach((reason, count) -> skipped.merge(reason, count, Long::sum));
    }
    return skipped;
  }

  public long bad() {
    return skipped().values().stream().mapToLong(Long::longValue).sum();
  }

  public long of(Count what) {
    return reports.stream().mapToLong(report -> report.of(what)).sum();
  }

  IntSummaryStatistics lengths() {
    return reports.stream().flatMapToInt(task -> IntStream.of(task.lengths())).summaryStatistics();
  }

  /** The counts of a table's manifest, by name, with {@code own} of its kind of row. */
  static Map<String, Object> entries(
      Mixture mixture, List<DatasetInput> parts, Map<String, Number> own) {
    PrepCounts all = sum(parts);
    List<DatasetFile> files = parts.stream().flatMap(part -> part.files().stream()).toList();
    Map<String, Object> entries = new LinkedHashMap<>();
    entries.put("input_files", files.size());
    entries.put("input_bytes", files.stream().mapToLong(DatasetFile::bytes).sum());
    entries.put("rows_in", all.of(Count.ROWS)); // with bad ones
    entries.put("rows_skipped", all.skipped());
    entries.put("problems", all.problems());
    entries.putAll(own);
    if (!mixture.isNone()) {
      Map<String, Object> sources = new LinkedHashMap<>();
      for (String name : mixture.names()) {
        sources.put(name, parts.get(sources.size()).counts().ofSource());
      }
      entries.put("sources", sources);
    }
    return entries;
  }

  private Map<String, Long> ofSource() {
    Map<String, Long> counts = new LinkedHashMap<>();
    counts.put("rows_in", of(Count.ROWS));
    counts.put("rows_skipped", bad());
    counts.put("left_out_by_filter", of(Count.FILTERED));
    counts.put("left_out_by_weight", of(Count.LEFT_OUT));
    counts.put("held_out", of(Count.HELD_OUT));
    counts.put("documents", lengths().getCount());
    counts.put("tokens", lengths().getSum());
    return counts;
  }
}
