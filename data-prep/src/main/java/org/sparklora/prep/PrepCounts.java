package org.sparklora.prep;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.curate.CurateManifest;
import org.sparklora.prep.document.RowFileReport;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.document.SplitReport.Count;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.DatasetFile;

/** Adds up the counts of tasks. Not thread-safe. */
public final class PrepCounts {
  private static final int KEPT_PROBLEMS = 20;

  private final List<DatasetFile> files;
  private final Map<String, Long> skipped = new TreeMap<>();
  private final List<String> problems = new ArrayList<>();
  private final Map<Count, Long> counts = new EnumMap<>(Count.class);
  private final Map<String, Map<String, Long>> sources = new LinkedHashMap<>();
  private long documents;
  private long tokens;
  private long filtered; // rows that a mixture's filter does not keep

  PrepCounts(List<DatasetFile> files) {
    this.files = files;
  }

  /** The sums of a mixture's counts, with those of each dataset. */
  public static PrepCounts ofMixture(Mixture mixture, List<DatasetInput> parts) {
    PrepCounts sum =
        new PrepCounts(parts.stream().flatMap(part -> part.counts().files.stream()).toList());
    for (DatasetInput input : parts) {
      PrepCounts part = input.counts();
      part.skipped.forEach((reason, count) -> sum.skipped.merge(reason, count, Long::sum));
      part.problems.forEach(sum::keep);
      part.counts.forEach((what, count) -> sum.counts.merge(what, count, Long::sum));
      sum.documents += part.documents;
      Map<String, Long> counts = new LinkedHashMap<>();
      counts.put("rows_in", part.of(Count.ROWS));
      counts.put("rows_skipped", TableCounts.sum(part.skipped));
      counts.put("left_out_by_filter", part.filtered);
      counts.put("left_out_by_weight", part.of(Count.LEFT_OUT));
      counts.put("held_out", part.of(Count.HELD_OUT));
      counts.put("documents", part.documents);
      counts.put("tokens", part.tokens);
      if (!mixture.isNone()) {
        sum.sources.put(mixture.names().get(sum.sources.size()), counts);
      }
    }
    return sum;
  }

  /** Replaces the counts of files by those that {@code curate} took when it filtered them. */
  void addFiltered(CurateManifest.Counts curated) {
    skipped.putAll(curated.badRows());
    problems.clear();
    problems.addAll(curated.problems());
    filtered = curated.removed().get(Flags.FILTER.name());
    counts.put(Count.ROWS, curated.rows() - curated.kept() - filtered); // bad ones
  }

  /** Counts a file that could not be cut into splits. */
  void addUnreadable(BadRowException problem) {
    add(problem.reason(), 1);
    counts.merge(Count.ROWS, 1L, Long::sum);
    keep(problem.getMessage());
  }

  public void add(SplitReport report) {
    report.badRows().forEach(this::add);
    for (String problem : report.problems()) {
      keep(problem);
    }
    documents += report.lengths().length;
    tokens += report.tokens();
    for (Count what : Count.values()) {
      counts.merge(what, report.of(what), Long::sum);
    }
  }

  private void add(BadRowException.Reason reason, long count) {
    skipped.merge(reason.word(), count, Long::sum);
  }

  private void keep(String problem) {
    if (problems.size() < KEPT_PROBLEMS) {
      problems.add(problem);
    }
  }

  /** The first few messages about bad rows, in row order. */
  public List<String> problems() {
    return problems;
  }

  /** Bad rows by reason. */
  public Map<String, Long> skipped() {
    return skipped;
  }

  /** The count of this kind, over all tasks. */
  public long of(Count what) {
    return counts.getOrDefault(what, 0L);
  }

  /** Documents that have tokens. */
  long usableDocuments() {
    return documents - of(Count.EMPTY);
  }

  /**
   * The counts of a packed table.
   *
   * @param maxLength capacity of a row in tokens, or 0 when rows have no limit
   */
  TableCounts.Packed packed(RowFileReport written, int maxLength) {
    return new TableCounts.Packed(
        files.size(),
        bytes(),
        of(Count.ROWS),
        skipped,
        problems,
        of(Count.WITHOUT_TARGET),
        documents,
        of(Count.EMPTY),
        of(Count.TRUNCATED),
        of(Count.TRUNCATED_TOKENS),
        of(Count.PROMPT_NOT_PREFIX),
        written.rows(),
        written.tokens(),
        written.targetTokens(),
        written.longestRow(),
        maxLength == 0 ? 1 : written.tokens() / ((double) written.rows() * maxLength),
        sources);
  }

  TableCounts.Prompts prompts(RowFileReport written) {
    return new TableCounts.Prompts(
        files.size(),
        bytes(),
        of(Count.ROWS),
        skipped,
        problems,
        of(Count.TOO_LONG),
        written.rows(),
        of(Count.WITHOUT_SOLUTION),
        written.tokens(),
        written.longestRow(),
        sources);
  }

  private long bytes() {
    return files.stream().mapToLong(DatasetFile::bytes).sum();
  }
}
