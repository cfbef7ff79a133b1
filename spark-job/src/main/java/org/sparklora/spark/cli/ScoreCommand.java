package org.sparklora.spark.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sparklora.model.PackedBatch;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.LocalPath;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.generate.AdaptedModel;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.text.ChatTemplate;
import org.sparklora.train.ContextLength;
import org.sparklora.train.ExecutorModel;

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

  private final ExecutorModel model;
  private final AdaptedModel adapted;
  private final DecoderConfig config;
  private final ContextLength context;

  private ScoreCommand(ExecutorModel model, AdaptedModel adapted) {
    this.model = model;
    this.adapted = adapted;
    this.config = adapted.model().config();
    this.context = new ContextLength(config);
  }

  /** Runs the command; the output appears only when it is complete. */
  public static void run(Settings settings) throws IOException {
    Path input = LocalPath.of(settings, Flags.INPUT);
    GenerateConfig.Model named = GenerateConfig.Model.of(settings);
    try (var in = new JsonLines.Reader(input);
        AdaptedModel adapted = AdaptedModel.open(HadoopSettings.configuration(), named);
        var out = JsonLines.Writer.open(settings);
        ExecutorModel model = ExecutorModel.of(adapted.model())) {
      new ScoreCommand(model, adapted).scoreAll(in, out);
      out.finish();
    }
  }

  private void scoreAll(JsonLines.Reader in, JsonLines.Writer out) {
    RowText texts = null; // read at the first row that needs it: rows of tokens need no tokenizer
    List<JsonLines.Row> pending = new ArrayList<>();
    int pendingTokens = 0;
    while (in.hasNext()) {
      JsonLines.Row row = in.next();
      if (!row.fields().hasNonNull("input_ids")) {
        if (texts == null) {
          texts = RowText.of(adapted.model(), ChatTemplate.Options.training());
        }
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

  private void score(List<JsonLines.Row> rows, JsonLines.Writer out) {
    List<PackedBatch.Row> packed = rows.stream().map(this::packed).toList();
    PackedBatch batch = PackedBatch.of(packed);
    float[] byPosition = new float[batch.tokenCount()];
    boolean[] scored = new boolean[batch.tokenCount()];
    if (batch.tokenCount() > 0) {
      int[] positions = batch.targetPositions();
      float[] logProbs = model.logProbs(adapted.parameters(), batch, 1f);
      for (int m = 0; m < logProbs.length; m++) {
        byPosition[positions[m]] = logProbs[m];
        scored[positions[m]] = true;
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
    rows.forEach(row -> out.write(row.fields()));
    rows.clear();
  }

  private PackedBatch.Row packed(JsonLines.Row row) {
    int[] ids = row.integers("input_ids");
    int vocabSize = config.vocabSize();
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
