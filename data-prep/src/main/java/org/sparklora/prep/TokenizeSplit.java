package org.sparklora.prep;

import java.util.function.LongConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.prep.PrepConfig.OnBadRows;
import org.sparklora.prep.document.DocumentFile;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.format.DatasetFormat;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.RowHandler;
import org.sparklora.prep.source.SourceRow;
import org.sparklora.prep.source.SplitGroup;
import org.sparklora.prep.tokenize.DocumentLimit;
import org.sparklora.prep.tokenize.TokenizedDocument;
import org.sparklora.prep.tokenize.TokenizedExample;

/**
 * The first stage's task: the rows of one split become the documents of one file. Used by one
 * thread, once.
 */
final class TokenizeSplit implements RowHandler {
  private final PrepConfig config;
  private final DatasetFormat format;
  private final PrepTokenizer tokenizer;
  private final DocumentLimit limit;
  private final DocumentFile.Writer documents;
  private final LongConsumer tokens;
  private final SplitReport report = new SplitReport();

  private TokenizeSplit(
      TextSource text,
      PrepConfig config,
      DatasetFormat format,
      DocumentFile.Writer documents,
      LongConsumer tokens) {
    this.config = config;
    this.format = format;
    this.tokenizer = PrepTokenizer.of(text, ModelText.shared(text), config);
    boolean keepEnd =
        !config.packing().enabled() && config.truncation() == PrepConfig.Truncation.KEEP_END;
    this.limit = new DocumentLimit(config.documentLimit(), keepEnd);
    this.documents = documents;
    this.tokens = tokens;
  }

  /**
   * Reads the split and writes its documents to {@code output}.
   *
   * <p>Where bad rows are not to be skipped, reading ends at the first one, and the report has it.
   *
   * @param tokens is told of those of each document
   */
  static SplitReport run(
      Configuration configuration,
      TextSource text,
      PrepConfig config,
      DatasetFormat format,
      SplitGroup split,
      Path output,
      LongConsumer tokens) {
    return AttemptFile.write(
        configuration,
        output.getParent(),
        output,
        attempt -> {
          try (DocumentFile.Writer writer = new DocumentFile.Writer(configuration, attempt)) {
            return new TokenizeSplit(text, config, format, writer, tokens)
                .read(configuration, split);
          }
        });
  }

  private SplitReport read(Configuration configuration, SplitGroup split) {
    try {
      split.read(configuration, format.columns(), this);
    } catch (BadRowException e) {
      assert config.source().onBadRows() == OnBadRows.FAIL
          : "skipped rows must not end the reading";
    }
    return report.trimmed();
  }

  @Override
  public void row(SourceRow row) {
    TokenizedExample example;
    try {
      example = tokenizer.examples().tokenize(format.example(row.values()));
    } catch (BadRowException e) {
      bad(e.at(row.place().get()));
      return;
    }
    report.countRow();
    if (!example.promptIsPrefix()) {
      report.countPromptNotPrefix();
    }
    write(example.document());
  }

  private void write(TokenizedDocument document) {
    int excess = limit.excess(document);
    if (excess > 0) {
      report.countTruncated(excess);
    }
    TokenizedDocument cut = limit.apply(document);
    // As TRL: a row without any target is dropped, but in a packed row it is context for nobody and
    // harms nobody.
    if (!config.packing().enabled() && !cut.hasTarget()) {
      report.countWithoutTarget();
      return;
    }
    documents.write(cut);
    report.countDocument(cut.tokens());
    tokens.accept(cut.tokens());
  }

  @Override
  public void bad(BadRowException problem) {
    report.countRow();
    report.countBad(problem);
    if (config.source().onBadRows() == OnBadRows.FAIL) {
      report.stopAtBadRow();
      throw problem;
    }
  }
}
