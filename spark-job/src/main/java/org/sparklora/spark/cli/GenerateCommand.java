package org.sparklora.spark.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.sparklora.api.OutputTable;
import org.sparklora.api.SparkLora;
import org.sparklora.api.TableResult;
import org.sparklora.model.Decoder;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.EndTokens;
import org.sparklora.model.generate.Generator;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFile;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.generate.GenerateJob;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.text.ChatTemplate;
import org.sparklora.train.ContextLength;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.grpo.GenerateStage;

/**
 * {@code generate}: completes prompts by a model, with or without an adapter.
 *
 * <p>A row has {@code prompt}, a text or a list of messages, or {@code input_ids}; its {@code
 * prompt_id} defaults to its number in the file. Each completion becomes a row with {@code
 * prompt_id}, {@code completion}, {@code completion_ids}, {@code logprobs} and {@code stop_reason},
 * and with the other fields of its prompt's row, for {@code reward}.
 *
 * <p>With Parquet as input or output it runs on Spark, see {@link GenerateJob}; a table of
 * completions also holds the columns of their prompts, for {@code reward}.
 */
public final class GenerateCommand {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Number of prompts whose completions are held before they are written. */
  private static final int PROMPTS_AT_ONCE = 256;

  /** Flags that have a meaning only if executors complete the prompts of a table. */
  private static final List<Flag<?>> OF_TABLES =
      List.of(
          Flags.NUM_WORKERS,
          Flags.MASTER,
          Flags.ROUND,
          Flags.GENERATION_BATCH_SIZE,
          Flags.SHUFFLE_DATASET,
          Flags.OUTPUT_TABLE,
          Flags.DATA_SEED);

  private final Generator generator;
  private final Tensor parameters;
  private final SamplingConfig config;
  private final RowText texts;

  private GenerateCommand(
      Generator generator, Tensor parameters, SamplingConfig config, RowText texts) {
    this.generator = generator;
    this.parameters = parameters;
    this.config = config;
    this.texts = texts;
  }

  /** Runs the command; the output appears only when it is complete. */
  public static void run(Settings settings) throws IOException {
    if (settings.isGiven(Flags.PROMPT)) {
      complete(settings, settings.get(Flags.PROMPT));
      return;
    }
    ConfigException.require(
        settings.isGiven(Flags.INPUT),
        Flags.INPUT,
        "unset",
        "generate needs prompts: --input with a file or folder of them, or --prompt with one");
    if (isJsonLines(settings.get(Flags.INPUT)) && isJsonLines(settings.get(Flags.OUTPUT))) {
      refuseWhatTablesNeed(settings);
      runHere(settings);
      return;
    }
    GenerateConfig config = GenerateConfig.of(settings);
    Optional<OutputTable> table = OutputTable.of(settings);
    ConfigException.require(
        table.isEmpty() || !isJsonLines(settings.get(Flags.OUTPUT)),
        Flags.OUTPUT_TABLE,
        settings.text(Flags.OUTPUT_TABLE),
        "a table is made of Parquet; name a folder as --output");
    RowText texts =
        RowText.of(
            config.model().dialect(),
            config.model().base().folder(),
            ChatTemplate.Options.prompt());
    List<org.sparklora.pipeline.table.Prompt> prompts =
        BeforeSpark.generate(settings, config, texts, !isJsonLines(settings.get(Flags.OUTPUT)));
    try (SparkSession spark = SparkSessions.open(settings)) {
      table.ifPresent(output -> output.requireWritable(spark));
      if (isJsonLines(settings.get(Flags.OUTPUT))) {
        GenerateJob.check(spark, config);
        try (var out = JsonLines.Writer.open(settings)) {
          GenerateJob.run(spark, config, prompts, part -> write(part, out));
          out.finish();
        }
      } else {
        Written written = new Written();
        String output = settings.get(Flags.OUTPUT);
        TableResult result =
            SparkLora.on(spark)
                .generate(config, prompts, output, settings.get(Flags.OVERWRITE_OUTPUT_DIR));
        table.ifPresent(rows -> rows.write(spark, output));
        written.say(output, result.summary());
      }
    }
  }

  private static void refuseWhatTablesNeed(Settings settings) {
    refuse(
        settings,
        OF_TABLES,
        "from JSON lines to JSON lines one process completes all prompts; leave it out, or name a"
            + " folder as --input or --output");
  }

  private static void refuse(Settings settings, List<Flag<?>> flags, String why) {
    for (Flag<?> flag : flags) {
      ConfigException.require(!settings.isGiven(flag), flag, settings.text(flag), why);
    }
  }

  /** Completes one prompt of the command line; prints completions unless a file is named. */
  private static void complete(Settings settings, String prompt) throws IOException {
    refuse(settings, OF_TABLES, "with --prompt this process completes it; leave it out");
    refuse(settings, List.of(Flags.INPUT), "--prompt is the only prompt; leave one of them out");
    JsonLines.Row row =
        new JsonLines.Row(
            Path.of("--" + Flags.PROMPT), 1, JSON.createObjectNode().put("prompt", prompt));
    try (Here here = Here.open(GenerateConfig.of(settings))) {
      if (settings.find(Flags.OUTPUT).isPresent()) {
        try (var out = JsonLines.Writer.open(settings)) {
          here.generate(List.of(row).iterator(), out::write);
          out.finish();
        }
      } else {
        here.generate(
            List.of(row).iterator(),
            fields -> System.out.println(fields.get("completion").asText()));
      }
    }
  }

  private static boolean isJsonLines(String name) {
    return name.matches(".*\\.jsonl?(\\.gz)?") || OutputFile.isStream(name);
  }

  /** Completes prompts in this process, from JSON lines to JSON lines. */
  private static void runHere(Settings settings) throws IOException {
    try (var in = new JsonLines.Reader(Path.of(settings.get(Flags.INPUT)));
        Here here = Here.open(GenerateConfig.of(settings));
        var out = JsonLines.Writer.open(settings)) {
      requirePrompts(settings, here.generate(in, out::write));
      out.finish();
    }
  }

  /** Receives the rows of completions. */
  @FunctionalInterface
  private interface Sink {
    void write(ObjectNode fields) throws IOException;
  }

  /** The parts that complete prompts in this process; {@link #generate} reads the weights. */
  private record Here(
      AdaptedModel model,
      RowText texts,
      SamplingConfig config,
      Precision precision,
      EngineChoice choice)
      implements AutoCloseable {

    /** Checks all settings but those of the output. */
    static Here open(GenerateConfig config) throws IOException {
      AdaptedModel model = AdaptedModel.open(config.model());
      try {
        Path folder = model.checkpoint().folder();
        RowText texts = RowText.of(config.model().dialect(), folder, ChatTemplate.Options.prompt());
        return new Here(
            model,
            texts,
            config.ignoreEos()
                ? config.sampling()
                : config.sampling().withEndTokens(EndTokens.of(folder, texts.tokenizer())),
            config.model().precision(model.checkpoint().config()),
            config.model().engine());
      } catch (IOException | RuntimeException e) {
        model.close();
        throw e;
      }
    }

    /** Completes the prompts of all rows; returns their number. */
    int generate(Iterator<JsonLines.Row> in, Sink out) throws IOException {
      Engine engine = ExecutorModel.engine(choice, precision.products());
      try (Decoder decoder = Decoder.load(model.checkpoint(), model.layout(), engine, precision);
          Tensor parameters = model.parameters(engine);
          Generator generator = new Generator(decoder, engine)) {
        return new GenerateCommand(generator, parameters, config, texts).generateAll(in, out);
      }
    }

    @Override
    public void close() throws IOException {
      model.close();
    }
  }

  static void requirePrompts(Settings settings, int count) {
    ConfigException.require(
        count > 0, Flags.INPUT, settings.get(Flags.INPUT), "it holds no prompts");
  }

  /** Completes the prompts of all rows; returns their number. */
  private int generateAll(Iterator<JsonLines.Row> in, Sink out) throws IOException {
    int count = 0;
    PromptRows rows = new PromptRows(texts);
    List<Prompt> pending = new ArrayList<>();
    Map<Long, ObjectNode> columns = new HashMap<>(); // by the pending prompts' ids
    ContextLength context = new ContextLength(generator.model());
    while (in.hasNext()) {
      JsonLines.Row row = in.next();
      ObjectNode given = row.fields().deepCopy();
      org.sparklora.pipeline.table.Prompt prompt = rows.prompt(row);
      context.check(prompt.id(), prompt.tokens().length, config.maxCompletionLength());
      pending.add(new Prompt(prompt.id(), prompt.tokens()));
      columns.put(prompt.id(), given);
      count++;
      if (pending.size() == PROMPTS_AT_ONCE) {
        generate(pending, columns, out);
      }
    }
    generate(pending, columns, out);
    return count;
  }

  private void generate(List<Prompt> prompts, Map<Long, ObjectNode> columns, Sink out)
      throws IOException {
    for (Completion completion : generator.generate(parameters, prompts, config)) {
      out.write(
          fields(
              columns.get(completion.promptId()),
              completion.promptId(),
              completion.index(),
              texts.tokenizer().decode(completion.tokens(), true),
              completion.tokens(),
              completion.logProbs(),
              GenerateStage.stopReason(completion, texts.tokenizer())));
    }
    prompts.clear();
    columns.clear();
  }

  private static void write(List<Generation> part, JsonLines.Writer out) {
    try {
      for (Generation row : part) {
        out.write(
            fields(
                columns(row.prompt()),
                row.prompt().id(),
                row.index(),
                row.text(),
                row.tokens(),
                row.logProbs(),
                row.stopReason()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The output's columns of a prompt that came from a table. */
  private static ObjectNode columns(org.sparklora.pipeline.table.Prompt prompt) {
    ObjectNode columns = JSON.createObjectNode();
    columns.put("prompt", prompt.text());
    prompt.values().forEach((name, value) -> columns.set(name, JSON.valueToTree(value)));
    columns.remove("solution"); // the judge's may not be the dataset's column of this name
    prompt.solution().ifPresent(solution -> columns.put("solution", solution));
    return columns;
  }

  /**
   * A row of the output.
   *
   * @param columns of the prompt's row; generated fields replace columns of the same name
   */
  private static ObjectNode fields(
      ObjectNode columns,
      long promptId,
      int index,
      String text,
      int[] tokens,
      float[] logProbs,
      String stopReason) {
    ObjectNode fields = columns.deepCopy();
    fields.put("prompt_id", promptId);
    fields.put("completion_index", index);
    fields.put("completion", text);
    ArrayNode ids = fields.putArray("completion_ids");
    ArrayNode ofTokens = fields.putArray("logprobs");
    for (int t = 0; t < tokens.length; t++) {
      ids.add(tokens[t]);
      ofTokens.add(logProbs[t]);
    }
    fields.put("stop_reason", stopReason);
    return fields;
  }
}
