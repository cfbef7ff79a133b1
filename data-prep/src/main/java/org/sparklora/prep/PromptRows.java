package org.sparklora.prep;

import java.util.ArrayList;
import java.util.IntSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.document.SplitReport.Count;
import org.sparklora.prep.format.ProblemFormat;
import org.sparklora.prep.tokenize.PromptTokenizer;
import org.sparklora.text.ChatTemplate;

/**
 * Turns rows into prompts, numbered from 0 in each split at first and across the table later, once
 * all earlier splits are counted.
 */
record PromptRows(PromptsConfig config, PrepConfig.Source source, ProblemFormat format)
    implements RowKind {
  private static final Logger LOG = LoggerFactory.getLogger(PromptRows.class);

  /** Fewest prompts of a file, except for the last file. */
  private static final long FILE_PROMPTS = 1 << 15;

  static PromptRows recognise(
      PromptsConfig config, PrepConfig.Source source, Map<String, Object> sample) {
    ProblemFormat format = ProblemFormat.recognise(source.columns().prompt(), sample);
    if (!format.leftOut().isEmpty()) {
      LOG.info("Rewards do not see the columns {}, whose values are long", format.leftOut());
    }
    return new PromptRows(config, source, format);
  }

  @Override
  public List<String> stages() {
    return List.of("prompts", "number prompts");
  }

  @Override
  public String requireText(ModelText read) {
    read.requireTokenizer(config.model(), "");
    ConfigException.require(
        read.template().isPresent() || config.systemPrompt().isEmpty(),
        Flags.SYSTEM_PROMPT,
        config.systemPrompt(),
        "the model has no chat template that could place it; name one with --chat_template_path");
    return read.template().map(ChatTemplate::fingerprint).orElse("");
  }

  @Override
  public SplitReport tokenize(
      Configuration hadoop, Path file, ModelText read, Function<RowWriter, SplitReport> reading) {
    PromptTokenizer tokenizer =
        new PromptTokenizer(
            read.tokenizer().orElseThrow(),
            read.template(),
            config.model().templateVariables(),
            Optional.of(config.systemPrompt()).filter(text -> !text.isEmpty()),
            read.vocabularySize());
    int most = config.maxPromptLength();
    try (var out = PromptTable.create(hadoop, file)) {
      return reading.apply(
          (row, report) -> {
            Prompt prompt = tokenizer.tokenize(format.problem(row));
            int tokens = prompt.tokens().length;
            if (most != PromptsConfig.UNLIMITED && tokens > most) {
              report.count(Count.TOO_LONG);
              return 0;
            }
            out.write(prompt.withId(report.documents()));
            report.countPrompt(prompt);
            return tokens;
          });
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
  public Map<String, Number> counts(PrepCounts counts, PrepCounts written) {
    IntSummaryStatistics prompts = written.lengths(); // not empty
    Map<String, Number> own = new LinkedHashMap<>();
    own.put("too_long", counts.of(Count.TOO_LONG));
    own.put("prompts", prompts.getCount());
    own.put("without_solution", counts.of(Count.WITHOUT_SOLUTION));
    own.put("tokens", prompts.getSum());
    own.put("longest_prompt", prompts.getMax());
    return own;
  }

  /**
   * A file of a prompts table: the prompts of consecutive splits, numbered consecutively.
   *
   * @param firstPrompt the number of its first prompt in the table
   */
  private record PromptFile(int firstSplit, int splits, long firstPrompt) implements RowFile {
    @Override
    public SplitReport write(
        Configuration configuration, Path documents, Path output, LongConsumer tokens) {
      SplitReport report = new SplitReport();
      try (var writer = PromptTable.create(configuration, output)) {
        for (int split = firstSplit; split < firstSplit + splits; split++) {
          PromptTable.forEach(
              configuration,
              TokenizeSplit.file(documents, split).toString(),
              prompt -> {
                tokens.accept(prompt.tokens().length);
                writer.write(prompt.withId(firstPrompt + report.documents()));
                report.countPrompt(prompt);
              });
        }
      }
      return report.trimmed();
    }
  }
}
