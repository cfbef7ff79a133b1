package org.sparklora.prep;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.pipeline.table.PromptWriter;
import org.sparklora.prep.document.PromptReport;

/**
 * One file of the table, made of the prompts of consecutive splits; the second stage's task writes
 * it.
 *
 * @param firstSplit the first of them
 * @param splits how many
 * @param firstPrompt the number of its first prompt in the table
 * @param prompts how many
 */
record PromptFile(int firstSplit, int splits, long firstPrompt, long prompts)
    implements Serializable {
  /** A file has this many prompts or more, unless it is the last. */
  private static final long PROMPTS = 1 << 15;

  /**
   * The files of a table; they depend on the dataset alone, never on the number of cores.
   *
   * @param reports of the splits, in order
   */
  static List<PromptFile> plan(List<PromptReport> reports) {
    List<PromptFile> files = new ArrayList<>();
    long first = 0;
    long prompts = 0;
    int firstSplit = 0;
    for (int split = 0; split < reports.size(); split++) {
      prompts += reports.get(split).rows().lengths().length;
      boolean last = split == reports.size() - 1;
      if (prompts >= PROMPTS || last && prompts > 0) {
        files.add(new PromptFile(firstSplit, split + 1 - firstSplit, first, prompts));
        first += prompts;
        prompts = 0;
        firstSplit = split + 1;
      }
    }
    return files;
  }

  /**
   * Writes the file: the prompts of its splits, numbered on.
   *
   * @param parts the folder with the first stage's files
   */
  PromptReport write(Configuration configuration, Path parts, Path output) {
    return AttemptFile.write(
        configuration,
        parts,
        output,
        attempt -> {
          PromptReport report = new PromptReport();
          try (PromptWriter writer = PromptWriter.create(configuration, attempt.toString())) {
            for (int split = firstSplit; split < firstSplit + splits; split++) {
              PromptTable.forEach(
                  configuration,
                  part(parts, split).toString(),
                  prompt -> {
                    long id = firstPrompt + report.rows().documents();
                    writer.write(prompt.withId(id));
                    report.countPrompt(prompt);
                  });
            }
          }
          return report.trimmed();
        });
  }

  /** The file with the prompts of a split. */
  static Path part(Path folder, int split) {
    return new Path(folder, String.format(Locale.ROOT, "prompts-%05d.parquet", split));
  }
}
