package org.sparklora.prep;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.pipeline.table.PromptWriter;
import org.sparklora.prep.document.RowFileReport;

/**
 * A file of a prompts table: the prompts of consecutive splits, numbered consecutively.
 *
 * @param firstSplit index of the first split
 * @param splits number of splits
 * @param firstPrompt the number of its first prompt in the table
 */
record PromptFile(int firstSplit, int splits, long firstPrompt) implements RowKind.RowFile {
  @Override
  public RowFileReport writeRows(Configuration configuration, Path documents, Path output) {
    RowFileReport report = new RowFileReport();
    try (PromptWriter writer = PromptWriter.create(configuration, output.toString())) {
      for (int split = firstSplit; split < firstSplit + splits; split++) {
        PromptTable.forEach(
            configuration,
            TokenizeSplit.file(documents, split).toString(),
            prompt -> {
              writer.write(prompt.withId(firstPrompt + report.rows()));
              report.countRow(prompt);
            });
      }
    }
    return report;
  }
}
