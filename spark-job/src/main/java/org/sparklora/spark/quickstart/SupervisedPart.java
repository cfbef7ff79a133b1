package org.sparklora.spark.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.spark.quickstart.Quickstart.CommandRunner;

/**
 * The quickstart's first part: packs bundled GSM8K rows with a Spark job, trains a LoRA adapter by
 * parameter averaging, and measures the loss on held-out rows before and after.
 *
 * @param recipe the folder of settings, data and base model
 * @param output receives the adapter and the measurements
 */
public record SupervisedPart(CommandRunner commands, PrintStream out, Path recipe, Path output) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Runs the part and returns its lines of the quickstart's summary. */
  public List<String> run() throws Exception {
    Path adapter = output.resolve("adapter");
    Path heldOut = output.resolve("heldout.jsonl");
    try (BufferedWriter lines = Files.newBufferedWriter(heldOut)) {
      for (Conversations.Row row : Conversations.read(recipe.resolve("gsm8k_heldout.jsonl.gz"))) {
        Conversations.write(lines, row.question(), row.answer());
      }
    }

    out.println("1/5  Loss of the base model on held-out GSM8K rows");
    double before = loss(heldOut, "before.jsonl");
    out.printf(Locale.ROOT, "     %.4f nats a token%n%n", before);

    out.println(
        "2/5  LoRA training on 2000 GSM8K rows: packed by a Spark job, averaged by Deeplearning4j");
    commands.run(
        "sft",
        "--" + Flags.CONFIG,
        recipe.resolve("sft.yaml").toString(),
        "--" + Flags.MODEL_NAME_OR_PATH,
        recipe.resolve("base").toString(),
        "--" + Flags.DATASET_NAME,
        recipe.resolve("gsm8k_train.jsonl.gz").toString(),
        "--" + Flags.OUTPUT_DIR,
        adapter.toString(),
        "--" + Flags.OVERWRITE_OUTPUT_DIR);

    out.printf(Locale.ROOT, "%n3/5  Loss with the adapter on the same held-out rows%n");
    double after = loss(heldOut, "after.jsonl", "--" + Flags.ADAPTER, adapter.toString());
    out.printf(Locale.ROOT, "     %.4f nats a token%n%n", after);
    return List.of(
        String.format(Locale.ROOT, "evaluation loss  %.4f → %.4f", before, after),
        "adapter          %s (PEFT's format)".formatted(adapter),
        "loss plot        %s".formatted(adapter.resolve("loss.png")),
        "log              %s".formatted(adapter.resolve("trainer_state.json")));
  }

  /** Mean loss over all tokens but the first of each row. */
  private double loss(Path rows, String scores, String... adapter) throws Exception {
    Path scored = output.resolve(scores);
    commands.run(
        List.of(
            "score",
            "--" + Flags.MODEL_NAME_OR_PATH,
            recipe.resolve("base").toString(),
            "--" + Flags.INPUT,
            rows.toString(),
            "--" + Flags.OUTPUT,
            scored.toString(),
            "--" + Flags.OVERWRITE_OUTPUT_DIR),
        adapter);
    return loss(scored);
  }

  private static double loss(Path scored) throws IOException {
    double sum = 0;
    long tokens = 0;
    for (String line : Files.readAllLines(scored)) {
      for (JsonNode logProb : JSON.readTree(line).get("logprobs")) {
        if (!logProb.isNull()) {
          sum -= logProb.doubleValue();
          tokens++;
        }
      }
    }
    return sum / tokens;
  }
}
