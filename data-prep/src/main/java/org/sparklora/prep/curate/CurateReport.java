package org.sparklora.prep.curate;

import java.util.Optional;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.document.StageReport;

/** A task's report on the rows of its splits. Not thread-safe. */
final class CurateReport implements StageReport {
  private static final long serialVersionUID = 1L;

  /** Rows and bad rows that were read. */
  final SplitReport rows = new SplitReport().trimmed();

  private final long[] removed = new long[Step.values().length];
  private String types = "{}";
  long kept;

  /** Words, or rows, for progress. */
  long processed;

  void countRemoved(Step step) {
    removed[step.ordinal()]++;
  }

  void foundTypes(Object type) {
    types = ColumnTypes.toJson(type);
  }

  long removed(Step step) {
    return removed[step.ordinal()];
  }

  /** {@link ColumnTypes} of the rows. */
  Object types() {
    return ColumnTypes.parse(types);
  }

  @Override
  public long tokens() {
    return processed;
  }

  @Override
  public Optional<String> fatalProblem() {
    return rows.fatalProblem();
  }
}
