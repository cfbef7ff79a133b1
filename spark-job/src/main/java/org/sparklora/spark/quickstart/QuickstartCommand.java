package org.sparklora.spark.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import org.sparklora.pipeline.config.Settings;

/**
 * {@code quickstart}: packs bundled GSM8K rows with a Spark job, trains a LoRA adapter on the small
 * bundled model by parameter averaging, and prints the loss on held-out rows before and after.
 * Needs no network and no arguments.
 */
public final class QuickstartCommand {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Commands commands;
  private final PrintStream out;
  private final Path data;
  private final Path base;
  private final Path output;

  private QuickstartCommand(Commands commands, PrintStream out, Path home, Path output) {
    this.commands = commands;
    this.out = out;
    this.data = home.resolve("conf/quickstart");
    this.base = data.resolve("base");
    this.output = output;
  }

  /** Runs the command. */
  public static void run(Settings settings, Commands commands, PrintStream out, Path home)
      throws Exception {
    new QuickstartCommand(commands, out, home, Path.of(settings.requiredText("output_dir"))).run();
  }

  private void run() throws Exception {
    Path adapter = output.resolve("adapter");
    Files.createDirectories(output);
    Path heldOut = output.resolve("heldout.jsonl");
    writeConversations(data.resolve("gsm8k_heldout.jsonl.gz"), heldOut);

    out.println("1/3  Loss of the base model on held-out GSM8K rows");
    double before = loss(heldOut, "before.jsonl");
    out.printf(Locale.ROOT, "     %.4f nats a token%n%n", before);

    out.println(
        "2/3  LoRA training on 2000 GSM8K rows: packed by a Spark job, averaged by Deeplearning4j");
    commands.run(
        "sft",
        "--config",
        data.resolve("sft.yaml").toString(),
        "--model_name_or_path",
        base.toString(),
        "--dataset_name",
        data.resolve("gsm8k_train.jsonl.gz").toString(),
        "--output_dir",
        adapter.toString(),
        "--overwrite_output_dir");

    out.printf("%n3/3  Loss with the adapter on the same held-out rows%n");
    double after = loss(heldOut, "after.jsonl", "--adapter", adapter.toString());
    out.printf(Locale.ROOT, "     %.4f nats a token%n%n", after);
    out.printf(Locale.ROOT, "evaluation loss  %.4f → %.4f%n", before, after);
    out.printf("adapter          %s (PEFT's format)%n", adapter);
    out.printf("loss plot        %s%n", adapter.resolve("loss.png"));
    out.printf("log              %s%n", adapter.resolve("trainer_state.json"));
  }

  /** GSM8K's rows as conversations, which is how {@code sft} reads them too. */
  private static void writeConversations(Path rows, Path file) throws IOException {
    try (BufferedReader in =
            new BufferedReader(
                new InputStreamReader(
                    new GZIPInputStream(Files.newInputStream(rows)), StandardCharsets.UTF_8));
        BufferedWriter lines = Files.newBufferedWriter(file)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        JsonNode row = JSON.readTree(line);
        ObjectNode conversation = JSON.createObjectNode();
        var messages = conversation.putArray("messages");
        messages.addObject().put("role", "user").put("content", row.get("question").asText());
        messages.addObject().put("role", "assistant").put("content", row.get("answer").asText());
        lines.write(JSON.writeValueAsString(conversation));
        lines.write('\n');
      }
    }
  }

  /** Mean loss of all tokens after the first of each row. */
  private double loss(Path rows, String scores, String... adapter) throws Exception {
    Path scored = output.resolve(scores);
    String[] arguments = {
      "score",
      "--model_name_or_path",
      base.toString(),
      "--input",
      rows.toString(),
      "--output",
      scored.toString()
    };
    String[] all = java.util.Arrays.copyOf(arguments, arguments.length + adapter.length);
    System.arraycopy(adapter, 0, all, arguments.length, adapter.length);
    commands.run(all);
    double sum = 0;
    long tokens = 0;
    try (BufferedReader in = Files.newBufferedReader(scored)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        for (JsonNode logProb : JSON.readTree(line).get("logprobs")) {
          if (!logProb.isNull()) {
            sum -= logProb.doubleValue();
            tokens++;
          }
        }
      }
    }
    return sum / tokens;
  }
}
