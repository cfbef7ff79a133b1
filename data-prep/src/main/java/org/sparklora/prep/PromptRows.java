package org.sparklora.prep;

import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.pipeline.table.PromptWriter;
import org.sparklora.prep.document.RowFileReport;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.document.SplitReport.Count;
import org.sparklora.prep.format.ProblemFormat;
import org.sparklora.prep.tokenize.PromptTokenizer;
import org.sparklora.text.ChatTemplate;

/**
 * Turns rows into prompts, numbered from 0 in each split at first and across the table later, once
 * all earlier splits are counted.
 *
 * @param columns to read; empty: all
 * @param leftOut columns that are not read
 */
record PromptRows(
    PromptsConfig config, String description, Set<String> columns, List<String> leftOut)
    implements RowKind<TableCounts.Prompts> {
  private static final Logger LOG = LoggerFactory.getLogger(PromptRows.class);

  /** Fewest prompts of a file, except for the last file. */
  private static final long FILE_PROMPTS = 1 << 15;

  static PromptRows recognise(PromptsConfig config, Map<String, Object> sample) {
    ProblemFormat format = format(config);
    format.requireProblems(sample);
    return new PromptRows(
        config,
        format.description(sample),
        new TreeSet<>(format.columns(sample)),
        format.leftOut(sample));
  }

  private static ProblemFormat format(PromptsConfig config) {
    return new ProblemFormat(config.source().columns().prompt());
  }

  @Override
  public List<String> stages() {
    return List.of("prompts", "number prompts");
  }

  @Override
  public String requireText(TextSource text, ModelText read) {
    ConfigException.require(
        read.tokenizer().isPresent(),
        Flags.MODEL_NAME_OR_PATH,
        text.model().name(),
        "there is no tokenizer.json in it; name a folder with a Hugging Face checkpoint");
    ConfigException.require(
        read.template().isPresent() || config.systemPrompt().isEmpty(),
        Flags.SYSTEM_PROMPT,
        config.systemPrompt(),
        "the model has no chat template that could place it; name one with --chat_template_path");
    return read.template().map(ChatTemplate::fingerprint).orElse("");
  }

  @Override
  public void announce(String dataset) {
    LOG.info("Preparing prompts of {}: {}", dataset, description);
    if (!leftOut.isEmpty()) {
      LOG.info("Rewards do not see the columns {}, whose values are long", leftOut);
    }
  }

  @Override
  public Documents create(Configuration configuration, Path file, TextSource text, Clock clock) {
    ModelText read = ModelText.shared(text).at(clock);
    return new Tokenized(
        this,
        new PromptTokenizer(
            read.tokenizer().orElseThrow(),
            read.template(),
            config.model().templateVariables(),
            config.systemTurn(),
            read.vocabulary(text)),
        PromptWriter.create(configuration, file.toString()));
  }

  private record Tokenized(PromptRows rows, PromptTokenizer tokenizer, PromptWriter file)
      implements Documents {
    @Override
    public int write(Map<String, Object> row, SplitReport report) {
      Map<String, Object> shown = new LinkedHashMap<>(row);
      shown.keySet().removeAll(rows.leftOut); // readers of JSON and CSV give all columns
      Prompt prompt = tokenizer.tokenize(format(rows.config).problem(shown));
      int tokens = prompt.tokens().length;
      if (rows.config.isTooLong(tokens)) {
        report.count(Count.TOO_LONG);
        return 0;
      }
      file.write(prompt.withId(report.documents()));
      report.countPrompt(prompt);
      return tokens;
    }

    @Override
    public void close() {
      file.close();
    }
  }

  @Override
  public String nothing(PrepCounts counts) {
    return "none of its %s rows gives a prompt, %s were longer than max_prompt_length"
        .formatted(counts.of(Count.ROWS), counts.of(Count.TOO_LONG));
  }

  @Override
  public List<RowFile> plan(List<int[]> lengths, int[] sources) {
    List<RowFile> files = new ArrayList<>();
    long first = 0;
    long prompts = 0;
    int firstSplit = 0;
    for (int split = 0; split < lengths.size(); split++) {
      prompts += lengths.get(split).length;
      boolean last = split == lengths.size() - 1;
      if (prompts >= FILE_PROMPTS || last && prompts > 0) {
        files.add(new PromptFile(firstSplit, split + 1 - firstSplit, first));
        first += prompts;
        prompts = 0;
        firstSplit = split + 1;
      }
    }
    return files;
  }

  @Override
  public TableCounts.Prompts counts(PrepCounts counts, RowFileReport written) {
    return counts.prompts(written);
  }

  /**
   * A file of a prompts table: the prompts of consecutive splits, numbered consecutively.
   *
   * @param firstSplit index of the first split
   * @param splits number of splits
   * @param firstPrompt the number of its first prompt in the table
   */
  private record PromptFile(int firstSplit, int splits, long firstPrompt) implements RowFile {
    @Override
    public RowFileReport write(Configuration configuration, Path documents, Path output) {
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
}
