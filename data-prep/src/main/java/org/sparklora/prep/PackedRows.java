package org.sparklora.prep;

import java.util.ArrayList;
import java.util.IntSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.PackedSequenceWriter;
import org.sparklora.prep.document.DocumentFile;
import org.sparklora.prep.document.ShardPlan;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.document.SplitReport.Count;
import org.sparklora.prep.format.DatasetFormat;
import org.sparklora.prep.format.DatasetFormats;
import org.sparklora.prep.format.TokenizedDocument;
import org.sparklora.prep.pack.Packer;
import org.sparklora.prep.tokenize.ExampleTokenizer;
import org.sparklora.prep.tokenize.ExampleTokenizer.TokenizedExample;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.Tokenizer;

/** Turns rows into documents, and packs the documents of each shard together. */
record PackedRows(PrepConfig config, PrepConfig.Source source, DatasetFormat format)
    implements RowKind {
  private static final Logger LOG = LoggerFactory.getLogger(PackedRows.class);

  static PackedRows recognise(
      PrepConfig config, PrepConfig.Source source, Map<String, Object> sample) {
    DatasetFormat format =
        new DatasetFormats(source.columns(), source.useSystemColumn(), config.loss())
            .recognise(sample);
    ConfigException.require(
        format.form() != DatasetFormat.Form.TOKENS || !sample.containsKey("seq_lengths"),
        Flags.DATASET_NAME,
        source.dataset(),
        "its rows are packed already (column seq_lengths), and packed again their documents would see each other; name the folder that prep made, with its manifest, or a dataset of one document a row");
    if (format.form() == DatasetFormat.Form.TOKENS
        && !format.columns().contains("completion_mask")
        && sample.containsKey("completion_mask")) {
      LOG.warn(
          "Column completion_mask is not used and every token counts, as in TRL; --completion_only_loss uses it");
    }
    return new PackedRows(config, source, format);
  }

  @Override
  public List<String> stages() {
    return List.of("tokenize", "pack");
  }

  @Override
  public String requireText(ModelText read) {
    ExampleTokenizer tokenizer = tokenizer(read, config);
    String template = tokenizer.template().map(ChatTemplate::fingerprint).orElse("");
    if (format.form() != DatasetFormat.Form.TOKENS) {
      read.requireTokenizer(config.model(), ", and the dataset has " + format.description());
    }
    ConfigException.require(
        !format.conversational() || !template.isEmpty(),
        Flags.MODEL_NAME_OR_PATH,
        config.model().reference().name(),
        "it has no chat template, and the dataset has %s; name one with --chat_template_path"
            .formatted(format.description()));
    ConfigException.require(
        !config.assistantOnlyLoss() || format.conversational(),
        Flags.ASSISTANT_ONLY_LOSS,
        true,
        "it needs conversations, and the dataset has " + format.description());
    if (config.loss() == DatasetFormats.Loss.COMPLETION
        && format.form() == DatasetFormat.Form.CONVERSATION) {
      LOG.warn(
          "completion_only_loss has no effect on {}: every token counts, as in TRL",
          format.description());
    }
    return template;
  }

  /** The tokenizer and template of a model, with the settings of {@code config}. */
  static ExampleTokenizer tokenizer(ModelText read, PrepConfig config) {
    Optional<Tokenizer> tokenizer = read.tokenizer();
    Optional<ChatTemplate> template = read.template();
    if (config.assistantOnlyLoss() && template.isPresent()) {
      template = template.get().forAssistantOnlyLoss();
      ConfigException.require(
          template.isPresent(),
          Flags.ASSISTANT_ONLY_LOSS,
          true,
          "the chat template does not mark what the assistant says; use one with {% generation %} by --chat_template_path, or train on every token");
    }
    String ownEos = config.model().eosToken();
    if (!ownEos.isEmpty()) {
      ConfigException.require(
          tokenizer.isPresent() && tokenizer.get().idOf(ownEos).isPresent(),
          Flags.EOS_TOKEN,
          ownEos,
          "the tokenizer has no such token; name one of its tokens");
      template = template.map(own -> own.withTokens(Map.of("eos_token", ownEos)));
    }
    return new ExampleTokenizer(
        tokenizer,
        template,
        ownEos.isEmpty() ? tokenizer.flatMap(Tokenizer::eosToken).orElse("") : ownEos,
        read.vocabularySize(),
        config.loss(),
        config.assistantOnlyLoss());
  }

  @Override
  public SplitReport tokenize(
      Configuration hadoop, Path file, ModelText read, Function<RowWriter, SplitReport> reading) {
    ExampleTokenizer tokenizer = tokenizer(read, config);
    try (DocumentFile out = new DocumentFile(hadoop, file)) {
      return reading.apply(
          (row, report) -> write(tokenizer.tokenize(format.example(row)), out, report));
    }
  }

  private int write(TokenizedExample example, DocumentFile out, SplitReport report) {
    if (!example.promptIsPrefix()) {
      report.count(Count.PROMPT_NOT_PREFIX);
    }
    TokenizedDocument cut = config.cut(example.document());
    int excess = example.document().tokens() - cut.tokens();
    if (excess > 0) {
      report.count(Count.TRUNCATED);
      report.count(Count.TRUNCATED_TOKENS, excess);
    }
    // TRL drops rows without any target if it truncates rows.
    boolean drops = config.maxLength() != PrepConfig.UNLIMITED || cut.tokens() == 0;
    if (!config.packing().enabled() && drops && !cut.hasTarget()) {
      report.count(Count.WITHOUT_TARGET);
      return 0;
    }
    out.write(cut);
    report.countDocument(cut.tokens());
    return cut.tokens();
  }

  @Override
  public String nothing(PrepCounts counts) {
    return "none of its %s rows gives a document to train on".formatted(counts.of(Count.ROWS));
  }

  @Override
  public List<RowFile> plan(List<int[]> lengths, int[] sources) {
    // rows of wrapped do not record their documents, so each row has to come from one dataset
    boolean apart = config.packing().withinSource() || config.packer() instanceof Packer.Wrapped;
    int[] together = apart && sources.length > 0 ? sources : new int[lengths.size()];
    return ShardPlan.of(lengths, together, config.packing().batchSize()).stream()
        .<RowFile>map(file -> new PackRowFile(config.packer(), file, sources))
        .toList();
  }

  @Override
  public Map<String, Number> counts(PrepCounts counts, PrepCounts written) {
    IntSummaryStatistics rows = written.lengths(); // not empty
    Map<String, Number> own = new LinkedHashMap<>();
    own.put("rows_without_target", counts.of(Count.WITHOUT_TARGET));
    own.put("documents", counts.lengths().getCount());
    own.put("empty_documents", counts.of(Count.EMPTY)); // appear in no row
    own.put("truncated_documents", counts.of(Count.TRUNCATED));
    own.put("truncated_tokens", counts.of(Count.TRUNCATED_TOKENS));
    own.put("prompts_not_prefix", counts.of(Count.PROMPT_NOT_PREFIX));
    own.put("rows", rows.getCount());
    own.put("tokens", rows.getSum());
    own.put("target_tokens", written.of(Count.TARGET_TOKENS));
    own.put("longest_row", rows.getMax());
    boolean isLimited = config.maxLength() != PrepConfig.UNLIMITED;
    double capacity = (double) rows.getCount() * config.maxLength();
    own.put("fill_rate", isLimited ? rows.getSum() / capacity : 1.0);
    return own;
  }

  /** A packed table's file, one shard in memory; {@code sources} are {@link RowKind#plan}'s. */
  record PackRowFile(Packer packer, ShardPlan.RowFile file, int[] sources) implements RowFile {
    @Override
    public SplitReport write(
        Configuration configuration, Path documents, Path output, LongConsumer tokens) {
      SplitReport report = new SplitReport();
      try (var writer =
          PackedSequenceWriter.create(configuration, output.toString(), sources.length > 0)) {
        for (ShardPlan.Shard shard : file.shards()) {
          List<TokenizedDocument> together = new ArrayList<>();
          for (ShardPlan.DocumentRange range : shard.ranges()) {
            Path path = TokenizeSplit.file(documents, range.split());
            together.addAll(DocumentFile.read(configuration, path, range.first(), range.count()));
          }
          packer.pack(
              together,
              sources(shard),
              row -> {
                tokens.accept(row.tokens());
                report.countDocument(row.tokens());
                report.count(Count.TARGET_TOKENS, row.targets());
                writer.write(row);
              });
        }
      }
      return report.trimmed();
    }

    /** The number of each document's dataset; empty without a mixture. */
    private int[] sources(ShardPlan.Shard shard) {
      return shard.ranges().stream()
          .filter(range -> sources.length > 0)
          .flatMapToInt(range -> IntStream.range(0, range.count()).map(i -> sources[range.split()]))
          .toArray();
    }
  }
}
