package org.sparklora.spark.quickstart;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.sparklora.pipeline.config.Settings;

/**
 * {@code quickstart-base}: makes the quickstart's base model again, from nothing: generated
 * problems, a random model, and full fine-tuning with {@code conf/quickstart/base.yaml}.
 */
public final class MakeBaseCommand {
  /** What the bundled model was made with. */
  private static final ArithmeticProblems PROBLEMS = new ArithmeticProblems(1, 0.25, 0.2);

  private static final ObjectMapper JSON = new ObjectMapper();

  private MakeBaseCommand() {}

  /** Runs the command. */
  public static void run(Settings settings, Commands commands, Path home) throws Exception {
    Path output = Path.of(settings.requiredText("output_dir"));
    Path recipe = home.resolve("conf/quickstart");
    Path problems = output.resolve("problems.jsonl");
    Path start = output.resolve("random");
    Files.createDirectories(output);
    write(problems, settings.integer("rows"));
    RandomCheckpoint.write(recipe.resolve("base"), start, PROBLEMS.seed());
    commands.run(
        "sft",
        "--config",
        recipe.resolve("base.yaml").toString(),
        "--model_name_or_path",
        start.toString(),
        "--dataset_name",
        problems.toString(),
        "--output_dir",
        output.resolve("base").toString());
  }

  private static void write(Path file, int rows) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (int i = 0; i < rows; i++) {
        ArithmeticProblems.Problem problem = PROBLEMS.get(i);
        ObjectNode row = JSON.createObjectNode();
        var messages = row.putArray("messages");
        messages.addObject().put("role", "user").put("content", problem.question());
        messages.addObject().put("role", "assistant").put("content", problem.answer());
        out.write(JSON.writeValueAsString(row));
        out.write('\n');
      }
    }
  }
}
