package org.sparklora.prep;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.PackedSequenceWriter;
import org.sparklora.prep.document.DocumentFile;
import org.sparklora.prep.document.RowFileReport;
import org.sparklora.prep.document.ShardPlan;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.document.SplitReport.Count;
import org.sparklora.prep.format.DatasetFormat;
import org.sparklora.prep.format.DatasetFormats;
import org.sparklora.prep.pack.Packer;
import org.sparklora.prep.pack.Wrapped;
import org.sparklora.prep.tokenize.ExampleTokenizer;
import org.sparklora.prep.tokenize.ExampleTokenizer.TokenizedExample;
import org.sparklora.prep.tokenize.TokenizedDocument;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.Tokenizer;

/** Turns rows into documents, and packs the documents of each shard together. */
record PackedRows(PrepConfig config, DatasetFormat format) implements RowKind<TableCounts.Packed> {
  private static final Logger LOG = LoggerFactory.getLogger(PackedRows.class);

  static PackedRows recognise(PrepConfig config, Map<String, Object> sample) {
    PrepConfig.Source source = config.source();
    DatasetFormat format =
        new DatasetFormats(source.columns(), source.useSystemColumn(), config.loss())
            .recognise(sample);
    ConfigException.require(
        !(format instanceof DatasetFormat.Tokenized) || !sample.containsKey("seq_lengths"),
        Flags.DATASET_NAME,
        source.dataset(),
        "its rows are packed already (column seq_lengths), and packed again their documents would see each other; name the folder that prep made, with its manifest, or a dataset of one document a row");
    if (format instanceof DatasetFormat.Tokenized tokens
        && !tokens.useCompletionMask()
        && sample.containsKey("completion_mask")) {
      LOG.warn(
          "Column completion_mask is not used and every token counts, as in TRL; --completion_only_loss uses it");
    }
    return new PackedRows(config, format);
  }

  @Override
  public String description() {
    return format.description();
  }

  @Override
  public Set<String> columns() {
    return format.columns();
  }

  @Override
  public List<String> stages() {
    return List.of("tokenize", "pack");
  }

  @Override
  public String requireText(TextSource text, ModelText read) {
    ExampleTokenizer tokenizer = tokenizer(text, read, config);
    String template = tokenizer.template().map(ChatTemplate::fingerprint).orElse("");
    String model = text.model().name();
    ConfigException.require(
        format instanceof DatasetFormat.Tokenized || read.tokenizer().isPresent(),
        Flags.MODEL_NAME_OR_PATH,
        model,
        "there is no tokenizer.json in it, and the dataset has %s; name a folder with a Hugging Face checkpoint"
            .formatted(description()));
    ConfigException.require(
        !format.conversational() || !template.isEmpty(),
        Flags.MODEL_NAME_OR_PATH,
        model,
        "it has no chat template, and the dataset has %s; name one with --chat_template_path"
            .formatted(description()));
    ConfigException.require(
        !config.assistantOnlyLoss() || format.conversational(),
        Flags.ASSISTANT_ONLY_LOSS,
        true,
        "it needs conversations, and the dataset has " + description());
    if (config.loss() == DatasetFormats.Loss.COMPLETION
        && format instanceof DatasetFormat.Conversations) {
      LOG.warn(
          "completion_only_loss has no effect on {}: every token counts, as in TRL", description());
    }
    return template;
  }

  /**
   * The tokenizer and template of a model, with the settings of {@code config}.
   *
   * @param read loaded from {@code text}
   */
  static ExampleTokenizer tokenizer(TextSource text, ModelText read, PrepConfig config) {
    Optional<Tokenizer> tokenizer = read.tokenizer();
    Optional<ChatTemplate> template = read.template();
    if (config.assistantOnlyLoss()) {
      template = template.map(PackedRows::marking);
    }
    String ownEos = config.model().eosToken();
    if (!ownEos.isEmpty()) {
      ConfigException.require(
          tokenizer.isPresent() && tokenizer.get().idOf(ownEos).isPresent(),
          Flags.EOS_TOKEN,
          ownEos,
          "the tokenizer has no such token; name one of its tokens");
      template = template.map(own -> own.withEosToken(ownEos));
    }
    return new ExampleTokenizer(
        tokenizer,
        template,
        ownEos.isEmpty() ? tokenizer.flatMap(Tokenizer::eosToken).orElse("") : ownEos,
        read.vocabulary(text),
        config.loss(),
        config.assistantOnlyLoss());
  }

  private static ChatTemplate marking(ChatTemplate template) {
    return template
        .forAssistantOnlyLoss()
        .orElseThrow(
            () ->
                new ConfigException(
                    Flags.ASSISTANT_ONLY_LOSS,
                    true,
                    "the chat template does not mark what the assistant says; use one with {% generation %} by --chat_template_path, or train on every token"));
  }

  @Override
  public void announce(String dataset) {
    LOG.info("Preparing {}: {}", dataset, description());
  }

  @Override
  public Documents create(Configuration configuration, Path file, TextSource text, Clock clock) {
    return new Tokenized(
        this,
        tokenizer(text, ModelText.shared(text).at(clock), config),
        new DocumentFile.Writer(configuration, file));
  }

  private record Tokenized(PackedRows rows, ExampleTokenizer tokenizer, DocumentFile.Writer file)
      implements Documents {
    @Override
    public int write(Map<String, Object> row, SplitReport report) {
      TokenizedExample example = tokenizer.tokenize(rows.format.example(row));
      if (!example.promptIsPrefix()) {
        report.count(Count.PROMPT_NOT_PREFIX);
      }
      TokenizedDocument cut = rows.config.cut(example.document());
      int excess = example.document().tokens() - cut.tokens();
      if (excess > 0) {
        report.countTruncated(excess);
      }
      // TRL drops rows without any target if it truncates rows.
      boolean drops = rows.config.maxLength() != PrepConfig.UNLIMITED || cut.tokens() == 0;
      if (!rows.config.packing().enabled() && drops && !cut.hasTarget()) {
        report.count(Count.WITHOUT_TARGET);
        return 0;
      }
      file.write(cut);
      report.countDocument(cut.tokens());
      return cut.tokens();
    }

    @Override
    public void close() {
      file.close();
    }
  }

  @Override
  public String nothing(PrepCounts counts) {
    return "none of its %s rows gives a document to train on".formatted(counts.of(Count.ROWS));
  }

  @Override
  public List<RowFile> plan(List<int[]> lengths, int[] sources) {
    // rows of wrapped do not record their documents, so each row has to come from one dataset
    boolean apart = config.packing().withinSource() || config.packer() instanceof Wrapped;
    int[] together = apart && sources.length > 0 ? sources : new int[lengths.size()];
    return ShardPlan.of(lengths, together, config.packing().batchSize()).stream()
        .<RowFile>map(file -> new PackRowFile(config.packer(), file, sources))
        .toList();
  }

  @Override
  public TableCounts.Packed counts(PrepCounts counts, RowFileReport written) {
    return counts.packed(written, config.maxLength());
  }

  /**
   * A file of a packed table: packs shard after shard, one in memory at a time.
   *
   * @param sources by split, the number of its dataset in a mixture; empty without one
   */
  record PackRowFile(Packer packer, ShardPlan.RowFile file, int[] sources) implements RowFile {
    @Override
    public RowFileReport write(Configuration configuration, Path documents, Path output) {
      RowFileReport report = new RowFileReport();
      try (var writer =
          PackedSequenceWriter.create(configuration, output.toString(), sources.length > 0)) {
        for (ShardPlan.Shard shard : file.shards()) {
          packer.pack(
              read(configuration, documents, shard),
              sources(shard),
              row -> {
                report.countRow(row);
                writer.write(row);
              });
        }
      }
      return report;
    }

    /** The number of each document's dataset; empty without a mixture. */
    private int[] sources(ShardPlan.Shard shard) {
      return shard.ranges().stream()
          .filter(range -> sources.length > 0)
          .flatMapToInt(range -> IntStream.range(0, range.count()).map(i -> sources[range.split()]))
          .toArray();
    }

    private static List<TokenizedDocument> read(
        Configuration configuration, Path folder, ShardPlan.Shard shard) {
      List<TokenizedDocument> documents = new ArrayList<>();
      for (ShardPlan.DocumentRange range : shard.ranges()) {
        Path path = TokenizeSplit.file(folder, range.split());
        try (DocumentFile.Reader reader = new DocumentFile.Reader(configuration, path)) {
          reader.skip(range.first());
          for (int i = 0; i < range.count(); i++) {
            documents.add(reader.next());
          }
        }
      }
      return documents;
    }
  }
}
