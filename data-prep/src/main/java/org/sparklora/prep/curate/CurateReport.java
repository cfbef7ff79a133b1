package org.sparklora.prep.curate;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.sparklora.prep.document.SplitReport;

/** A task's report on the rows of its splits, of which it counts no documents. Not thread-safe. */
final class CurateReport extends SplitReport {
  private static final long serialVersionUID = 1L;

  final Map<String, Long> removed = new TreeMap<>(); // by step

  /** {@link ColumnTypes} of the rows. */
  Object types = Collections.emptyMap();

  long kept;

  /** Words, or rows, for progress. */
  long processed;

  @Override
  public long tokens() {
    return processed;
  }
}
