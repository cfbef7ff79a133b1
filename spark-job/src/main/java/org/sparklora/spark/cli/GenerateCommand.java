package org.sparklora.spark.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.api.OutputTable;
import org.sparklora.api.SparkLora;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.LocalPath;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFile;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.generate.GenerateJob;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.Tokenizer;

/**
 * {@code generate}: completes prompts by a model, with or without an adapter.
 *
 * <p>A row has {@code prompt}, a text or a list of messages, or {@code input_ids}; its {@code
 * prompt_id} defaults to its number in the file. Each completion becomes a row with {@code
 * prompt_id}, {@code completion_index}, {@code completion}, {@code completion_ids}, {@code
 * logprobs}, {@code stop_reason}, and the other fields of its prompt's row, for {@code reward}.
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
          Flags.OUTPUT_TABLE);

  private GenerateCommand() {}

  /** Runs the command; the output appears only when it is complete. */
  public static void run(Settings settings) throws IOException {
    if (settings.isGiven(Flags.PROMPT)) {
      settings.requireDefaults(OF_TABLES, "with --prompt this process completes it; leave it out");
      settings.requireDefaults(
          List.of(Flags.INPUT), "--prompt is the only prompt; leave one of them out");
      ObjectNode fields = JSON.createObjectNode().put("prompt", settings.get(Flags.PROMPT));
      JsonLines.Row row = new JsonLines.Row(Path.of("--" + Flags.PROMPT), 1, fields);
      completeHere(settings, List.of(row).iterator());
      return;
    }
    ConfigException.require(
        settings.isGiven(Flags.INPUT),
        Flags.INPUT,
        "unset",
        "generate needs prompts: --input with a file or folder of them, or --prompt with one");
    if (!isJsonLines(settings.get(Flags.INPUT)) || !isJsonLines(settings.get(Flags.OUTPUT))) {
      completeOnSpark(settings);
      return;
    }
    settings.requireDefaults(
        OF_TABLES,
        "from JSON lines to JSON lines one process completes all prompts; leave it out, or name a"
            + " folder as --input or --output");
    try (var in = new JsonLines.Reader(LocalPath.of(settings, Flags.INPUT))) {
      completeHere(settings, in);
    }
  }

  private static boolean isJsonLines(String name) {
    return name.matches(".*\\.jsonl?(\\.gz)?") || OutputFile.isStream(name);
  }

  private static void requirePrompts(Settings settings, boolean found) {
    ConfigException.require(found, Flags.INPUT, settings.text(Flags.INPUT), "it holds no prompts");
  }

  /** Completes prompts in this process; prints the completions unless a file is named. */
  private static void completeHere(Settings settings, Iterator<JsonLines.Row> in)
      throws IOException {
    GenerateConfig config = GenerateConfig.of(settings);
    // before the first completion, servers are asked whether they have room for every prompt
    int most = config.vllm().isPresent() ? Integer.MAX_VALUE : PROMPTS_AT_ONCE;
    try (GenerateJob job = GenerateJob.open(HadoopSettings.configuration(), config)) {
      PromptRows rows = new PromptRows(RowText.of(job.model(), ChatTemplate.Options.prompt()));
      if (settings.find(Flags.OUTPUT).isEmpty()) {
        complete(job, rows, in, most, (columns, row) -> System.out.println(row.text()));
        return;
      }
      try (var out = JsonLines.Writer.open(settings)) {
        requirePrompts(settings, in.hasNext());
        complete(job, rows, in, most, (columns, row) -> out.write(fields(columns, row)));
        out.finish();
      }
    }
  }

  /**
   * Completes the prompts of all rows, some at a time.
   *
   * @param most number of prompts that are read before their completion
   * @param out receives each completion, after the fields of its prompt's row
   */
  private static void complete(
      GenerateJob job,
      PromptRows rows,
      Iterator<JsonLines.Row> in,
      int most,
      BiConsumer<ObjectNode, Generation> out) {
    while (in.hasNext()) {
      List<Prompt> prompts = new ArrayList<>();
      Map<Long, ObjectNode> columns = new HashMap<>(); // by the prompts' ids
      while (in.hasNext() && prompts.size() < most) {
        JsonLines.Row row = in.next();
        ObjectNode given = row.fields().deepCopy();
        Prompt prompt = rows.prompt(row);
        job.check(prompt);
        prompts.add(prompt);
        columns.put(prompt.id(), given);
      }
      job.complete(
          prompts, part -> part.forEach(row -> out.accept(columns.get(row.prompt().id()), row)));
    }
  }

  /** Completes prompts on Spark, from a table or to one. */
  private static void completeOnSpark(Settings settings) throws IOException {
    GenerateConfig config = GenerateConfig.of(settings);
    Optional<OutputTable> table = OutputTable.of(settings);
    String output = settings.get(Flags.OUTPUT);
    boolean toLines = isJsonLines(output);
    ConfigException.require(
        table.isEmpty() || !toLines,
        Flags.OUTPUT_TABLE,
        settings.text(Flags.OUTPUT_TABLE),
        "a table is made of Parquet; name a folder as --output");
    ModelConfig model = config.model().base();
    Path folder = model.reference().folder();
    RowText texts =
        RowText.of(folder, Tokenizer.load(folder, model.dialect()), ChatTemplate.Options.prompt());
    boolean overwrite = settings.get(Flags.OVERWRITE_OUTPUT_DIR);
    Configuration hadoop = HadoopSettings.configuration();
    Outlines.requireReadable(config.model(), hadoop);
    List<Prompt> prompts = PromptRows.read(hadoop, settings.get(Flags.INPUT), texts);
    requirePrompts(settings, !prompts.isEmpty());
    if (!toLines) {
      OutputFolder.requireUsable(hadoop, output, overwrite);
      PreparedTables.requireApart(hadoop, output, List.of(settings.get(Flags.INPUT)));
    }
    try (SparkSession spark = SparkSessions.open(settings)) {
      if (!toLines) {
        new Written()
            .say(
                output,
                SparkLora.on(spark).generate(config, prompts, output, overwrite, table).summary());
        return;
      }
      try (GenerateJob job = GenerateJob.open(spark.sparkContext().hadoopConfiguration(), config);
          var out = JsonLines.Writer.open(settings)) {
        job.run(
            SparkSessions.place(spark).sharing(config.workers()),
            prompts,
            part -> part.forEach(row -> out.write(fields(columns(row.prompt()), row))));
        out.finish();
      }
    }
  }

  /** The output's columns of a prompt that came from a table. */
  private static ObjectNode columns(Prompt prompt) {
    ObjectNode columns = JSON.createObjectNode();
    columns.put("prompt", prompt.text());
    prompt.values().forEach((name, value) -> columns.set(name, JSON.valueToTree(value)));
    columns.remove("solution"); // the judge's may not be the dataset's column of this name
    prompt.solution().ifPresent(solution -> columns.put("solution", solution));
    return columns;
  }

  /** A row of the output; generated fields replace columns of the same name. */
  private static ObjectNode fields(ObjectNode columns, Generation row) {
    ObjectNode fields = columns.deepCopy();
    fields.put("prompt_id", row.prompt().id());
    fields.put("completion_index", row.index());
    fields.put("completion", row.text());
    fields.set("completion_ids", JSON.valueToTree(row.tokens()));
    fields.set("logprobs", JSON.valueToTree(row.logProbs()));
    fields.put("stop_reason", row.stopReason());
    return fields;
  }
}
