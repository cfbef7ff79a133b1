package org.sparklora.spark.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sparklora.model.AdapterStep;
import org.sparklora.model.Decoder;
import org.sparklora.model.PackedBatch;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.loss.TokenLogProbs;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.TokenizerDialect;
import org.sparklora.train.ContextLength;

/**
 * {@code score}: the log-probability of every token of a text under a model, with or without an
 * adapter.
 *
 * <p>A row has {@code input_ids} (with {@code seq_lengths}, several documents that do not see each
 * other), {@code messages} or {@code text}. The command adds {@code logprobs}, one number for each
 * token after the first, null at the start of a document, and {@code nll}, the mean of the negated
 * numbers.
 */
public final class ScoreCommand {
  /** Rows are computed together up to this many tokens: enough to keep gemm busy, little memory. */
  private static final int BATCH_TOKENS = 2048;

  private final AdapterStep step;
  private final Tensor parameters;
  private final ContextLength context;

  private ScoreCommand(AdapterStep step, Tensor parameters) {
    this.step = step;
    this.parameters = parameters;
    this.context = new ContextLength(step.decoder().config());
  }

  /** Runs the command; the output appears only when it is complete. */
  public static void run(Settings settings) throws IOException {
    Path input = Path.of(settings.get(Flags.INPUT));
    GenerateConfig.Model named = GenerateConfig.Model.of(settings);
    Engine engine = Engines.of(named.engine());
    try (var in = new JsonLines.Reader(input);
        AdaptedModel model = AdaptedModel.open(named);
        var out = JsonLines.Writer.open(settings)) {
      try (Decoder decoder = Decoder.load(model.checkpoint(), model.layout(), engine);
          Tensor parameters = model.parameters(engine);
          AdapterStep step = new AdapterStep(decoder, engine)) {
        new ScoreCommand(step, parameters)
            .scoreAll(named.dialect(), model.checkpoint().folder(), in, out);
      }
      out.finish();
    }
  }

  private void scoreAll(
      TokenizerDialect dialect, Path folder, JsonLines.Reader in, JsonLines.Writer out)
      throws IOException {
    RowText texts = null; // read at the first row that needs it: rows of tokens need no tokenizer
    List<JsonLines.Row> pending = new ArrayList<>();
    int pendingTokens = 0;
    while (in.hasNext()) {
      JsonLines.Row row = in.next();
      if (!row.fields().hasNonNull("input_ids")) {
        texts =
            texts == null ? RowText.of(dialect, folder, ChatTemplate.Options.training()) : texts;
        if (!texts.addTokens(row)) {
          throw row.error("it has neither input_ids nor messages nor text");
        }
      }
      int tokens = row.fields().get("input_ids").size();
      if (pendingTokens + tokens > BATCH_TOKENS && !pending.isEmpty()) {
        score(pending, out);
        pendingTokens = 0;
      }
      pending.add(row);
      pendingTokens += tokens;
    }
    score(pending, out);
  }

  private void score(List<JsonLines.Row> rows, JsonLines.Writer out) throws IOException {
    List<PackedBatch.Row> packed = new ArrayList<>();
    for (JsonLines.Row row : rows) {
      packed.add(packed(row));
    }
    PackedBatch batch = PackedBatch.of(packed);
    float[] byPosition = new float[batch.tokenCount()];
    boolean[] scored = new boolean[batch.tokenCount()];
    if (batch.tokenCount() > 0) {
      TokenLogProbs logProbs = step.logProbs(parameters, batch, 1f);
      for (int m = 0; m < logProbs.count(); m++) {
        byPosition[logProbs.positions()[m]] = logProbs.logProbs()[m];
        scored[logProbs.positions()[m]] = true;
      }
    }
    int first = 0;
    for (int i = 0; i < rows.size(); i++) {
      int used =
          Arrays.stream(packed.get(i).seqLengths())
              .sum(); // tokens after these are padding, and not computed
      addScores(rows.get(i), byPosition, scored, first, used);
      first += used;
    }
    out.write(rows);
    rows.clear();
  }

  private PackedBatch.Row packed(JsonLines.Row row) {
    int[] ids = row.integers("input_ids");
    int vocabSize = step.decoder().config().vocabSize();
    for (int id : ids) {
      if (id < 0 || id >= vocabSize) {
        throw row.error(
            "token id %s is not in the model's vocabulary of %s".formatted(id, vocabSize));
      }
    }
    try {
      PackedBatch.Row packed =
          row.fields().hasNonNull("seq_lengths")
              ? new PackedBatch.Row(ids, ids, row.integers("seq_lengths"))
              : PackedBatch.Row.of(ids, ids);
      int longest = Arrays.stream(packed.seqLengths()).max().orElse(0);
      context.checkScored("Line %s of %s".formatted(row.line(), row.file()), longest);
      return packed;
    } catch (IllegalArgumentException e) {
      throw row.error(e.getMessage());
    }
  }

  /** Adds the scores to a row; the logits of position n predict token n + 1. */
  private static void addScores(
      JsonLines.Row row, float[] byPosition, boolean[] scored, int first, int used) {
    int tokens = row.fields().get("input_ids").size();
    ArrayNode logProbs = row.fields().putArray("logprobs");
    double sum = 0;
    int count = 0;
    for (int n = 0; n < tokens - 1; n++) {
      if (n < used && scored[first + n]) {
        if (!Float.isFinite(byPosition[first + n])) {
          throw row.error(
              "the model yields %s as the log-probability of token %s: its weights, or the adapter's, come from a run that diverged or were damaged"
                  .formatted(byPosition[first + n], n + 2));
        }
        logProbs.add(byPosition[first + n]);
        sum -= byPosition[first + n];
        count++;
      } else {
        logProbs.addNull();
      }
    }
    if (count > 0) {
      row.fields().put("nll", sum / count);
    } else {
      row.fields().putNull("nll");
    }
  }
}
