package org.sparklora.prep.document;

import java.util.List;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.pipeline.table.Prompt;

/**
 * The counts of one written Parquet file. A plain class of numbers for the same reason as {@link
 * SplitReport}. Not thread-safe.
 */
public final class RowFileReport implements StageReport {
  private static final long serialVersionUID = 1L;

  private long rows;
  private long tokens;
  private long targetTokens;
  private int longestRow;

  public void countRow(PackedSequence row) {
    countRow(row.tokens());
    targetTokens += row.targets();
  }

  public void countRow(Prompt prompt) {
    countRow(prompt.tokens().length);
  }

  private void countRow(int length) {
    rows++;
    tokens += length;
    longestRow = Math.max(longestRow, length);
  }

  /** The sums of the counts of several files, and the longest row of all. */
  public static RowFileReport sum(List<RowFileReport> files) {
    RowFileReport sum = new RowFileReport();
    for (RowFileReport file : files) {
      sum.rows += file.rows;
      sum.tokens += file.tokens;
      sum.targetTokens += file.targetTokens;
      sum.longestRow = Math.max(sum.longestRow, file.longestRow);
    }
    return sum;
  }

  public long rows() {
    return rows;
  }

  @Override
  public long tokens() {
    return tokens;
  }

  /** Tokens that count for the loss; the first token of a document never does. */
  public long targetTokens() {
    return targetTokens;
  }

  public int longestRow() {
    return longestRow;
  }
}
