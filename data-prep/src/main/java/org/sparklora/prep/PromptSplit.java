package org.sparklora.prep;

import java.util.Set;
import java.util.function.LongConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.PromptWriter;
import org.sparklora.prep.PrepConfig.OnBadRows;
import org.sparklora.prep.document.PromptReport;
import org.sparklora.prep.format.ProblemFormat;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.RowHandler;
import org.sparklora.prep.source.SourceRow;
import org.sparklora.prep.source.SplitGroup;
import org.sparklora.prep.tokenize.PromptTokenizer;

/**
 * The first stage's task: the rows of one split become the prompts of one file, numbered from 0.
 * Used by one thread, once.
 */
final class PromptSplit implements RowHandler {
  private final PromptsConfig config;
  private final ProblemFormat format;
  private final PromptTokenizer tokenizer;
  private final PromptWriter prompts;
  private final LongConsumer tokens;
  private final PromptReport report = new PromptReport();
  private long written = 0;

  private PromptSplit(
      TextSource text, PromptsConfig config, PromptWriter prompts, LongConsumer tokens) {
    this.config = config;
    this.format = new ProblemFormat(config.source().columns().prompt());
    ModelText read = ModelText.shared(text);
    this.tokenizer =
        new PromptTokenizer(read.tokenizer().orElseThrow(), read.template(), config.systemTurn());
    this.prompts = prompts;
    this.tokens = tokens;
  }

  /**
   * Reads the split and writes its prompts to {@code output}.
   *
   * <p>Where bad rows are not to be skipped, reading ends at the first one, and the report has it.
   *
   * @param columns to read; empty: all
   * @param tokens is told of those of each prompt
   */
  static PromptReport run(
      Configuration configuration,
      TextSource text,
      PromptsConfig config,
      Set<String> columns,
      SplitGroup split,
      Path output,
      LongConsumer tokens) {
    return AttemptFile.write(
        configuration,
        output.getParent(),
        output,
        attempt -> {
          try (PromptWriter writer = PromptWriter.create(configuration, attempt.toString())) {
            return new PromptSplit(text, config, writer, tokens)
                .read(configuration, columns, split);
          }
        });
  }

  private PromptReport read(Configuration configuration, Set<String> columns, SplitGroup split) {
    try {
      split.read(configuration, columns, this);
    } catch (BadRowException e) {
      assert config.source().onBadRows() == OnBadRows.FAIL
          : "skipped rows must not end the reading";
    }
    return report.trimmed();
  }

  @Override
  public void row(SourceRow row) {
    Prompt prompt;
    try {
      prompt = tokenizer.tokenize(format.problem(row.values()));
    } catch (BadRowException e) {
      bad(e.at(row.place().get()));
      return;
    }
    report.rows().countRow();
    if (config.isTooLong(prompt.tokens().length)) {
      report.countTooLong();
      return;
    }
    prompts.write(prompt.withId(written++));
    report.countPrompt(prompt);
    tokens.accept(prompt.tokens().length);
  }

  @Override
  public void bad(BadRowException problem) {
    report.rows().countRow();
    report.rows().countBad(problem);
    if (config.source().onBadRows() == OnBadRows.FAIL) {
      report.rows().stopAtBadRow();
      throw problem;
    }
  }
}
