package org.sparklora.prep;

import java.time.Clock;
import java.util.Locale;
import java.util.function.LongConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.prep.PrepConfig.OnBadRows;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.document.SplitReport.Count;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.RowHandler;
import org.sparklora.prep.source.SourceRow;
import org.sparklora.prep.source.SplitGroup;

/**
 * The first stage's task: turns the rows of consecutive splits into the documents of one file. Used
 * by one thread, once.
 */
final class TokenizeSplit implements RowHandler {
  private final OnBadRows onBadRows;
  private final RowKind.Documents documents;
  private final LongConsumer tokens;
  private final SplitReport report = new SplitReport();

  private TokenizeSplit(OnBadRows onBadRows, RowKind.Documents documents, LongConsumer tokens) {
    this.onBadRows = onBadRows;
    this.documents = documents;
    this.tokens = tokens;
  }

  /**
   * Reads the split and writes its documents to {@code output}.
   *
   * <p>If bad rows are not skipped, reading ends at the first one, and the report has it.
   *
   * @param clock for chat templates
   * @param tokens receives the token count of each document
   */
  static SplitReport run(
      Configuration configuration,
      TextSource text,
      Clock clock,
      RowKind<?> rows,
      SplitGroup split,
      Path output,
      LongConsumer tokens) {
    return AttemptFile.write(
        configuration,
        output.getParent(),
        output,
        attempt -> {
          try (RowKind.Documents documents = rows.create(configuration, attempt, text, clock)) {
            return new TokenizeSplit(rows.config().source().onBadRows(), documents, tokens)
                .read(configuration, rows, split);
          }
        });
  }

  private SplitReport read(Configuration configuration, RowKind<?> rows, SplitGroup split) {
    try {
      split.read(configuration, rows.columns(), this);
    } catch (BadRowException e) {
      assert onBadRows == OnBadRows.FAIL : "skipped rows must not end the reading";
    }
    return report.trimmed();
  }

  @Override
  public void row(SourceRow row) {
    int written;
    try {
      written = documents.write(row.values(), report);
    } catch (BadRowException e) {
      bad(e.at(row.place().get()));
      return;
    }
    report.count(Count.ROWS);
    tokens.accept(written);
  }

  @Override
  public void bad(BadRowException problem) {
    report.countBad(problem, onBadRows == OnBadRows.SKIP);
  }

  @Override
  public void passed(boolean heldOut) {
    report.count(heldOut ? Count.HELD_OUT : Count.LEFT_OUT);
  }

  /** The file with the documents of a task's splits. */
  static Path file(Path folder, int split) {
    return new Path(folder, String.format(Locale.ROOT, "documents-%05d", split));
  }
}
