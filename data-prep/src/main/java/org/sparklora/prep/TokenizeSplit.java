package org.sparklora.prep;

import java.time.Clock;
import java.util.Locale;
import java.util.function.Function;
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
record TokenizeSplit(
    OnBadRows onBadRows, RowKind.RowWriter documents, LongConsumer tokens, SplitReport report)
    implements RowHandler {

  /**
   * Reads the split and writes its documents to {@code output}.
   *
   * <p>If bad rows are not skipped, reading ends at the first one, and the report has it.
   *
   * @param clock for chat templates; the same in all tasks of a job
   * @param tokens receives the token count of each document; it ends a killed task
   */
  static SplitReport run(
      Configuration configuration,
      TextSource text,
      Clock clock,
      RowKind rows,
      SplitGroup split,
      Path output,
      LongConsumer tokens) {
    OnBadRows onBadRows = rows.source().onBadRows();
    Function<RowKind.RowWriter, SplitReport> reading =
        documents -> {
          SplitReport report = new SplitReport();
          try {
            RowHandler writing = new TokenizeSplit(onBadRows, documents, tokens, report);
            split.read(configuration, rows.format().columns(), writing);
          } catch (BadRowException e) {
            assert onBadRows == OnBadRows.FAIL : "skipped rows must not end the reading";
          }
          return report.trimmed();
        };
    ModelText read = ModelText.shared(text).at(clock);
    return AttemptFile.write(
        configuration,
        output.getParent(),
        output,
        attempt -> rows.tokenize(configuration, attempt, read, reading));
  }

  @Override
  public void row(SourceRow row) {
    try {
      tokens.accept(documents.write(row.values(), report));
      report.count(Count.ROWS);
    } catch (BadRowException e) {
      bad(e.at(row.place().get()));
    }
  }

  @Override
  public void bad(BadRowException problem) {
    tokens.accept(0);
    report.countBad(problem, onBadRows == OnBadRows.SKIP);
  }

  @Override
  public void passed(boolean heldOut) {
    tokens.accept(0);
    report.count(heldOut ? Count.HELD_OUT : Count.LEFT_OUT);
  }

  /** The file with the documents of a task's splits. */
  static Path file(Path folder, int split) {
    return new Path(folder, String.format(Locale.ROOT, "documents-%05d", split));
  }
}
