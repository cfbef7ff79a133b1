package org.sparklora.spark.quickstart;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.spark.quickstart.ArithmeticProblems.Problem;

/**
 * The quickstart's second part, a small version of the guide's claim: trains the base model by GRPO
 * on generated arithmetic, once a LoRA adapter of rank 1 at ten times the learning rate, once all
 * weights. Measures the mean reward on held-out sums, and draws both runs in one figure.
 *
 * @param recipe the folder of settings and base model
 * @param output receives both runs, the measurements and the figure
 * @param seed of order and draws
 */
public record ReinforcedPart(
    Quickstart.CommandRunner commands, PrintStream out, Path recipe, Path output, int seed) {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final ArithmeticProblems PROBLEMS = new ArithmeticProblems(2);
  private static final int TRAINING_PROBLEMS = 1000;
  private static final int HELD_OUT_PROBLEMS = 200;

  /** Runs the part and returns its lines of the quickstart's summary. */
  public List<String> run() throws Exception {
    Path base = recipe.resolve("base");
    Path training = problems("arithmetic.jsonl", false, TRAINING_PROBLEMS);
    Path heldOut = problems("arithmetic_heldout.jsonl", true, HELD_OUT_PROBLEMS);

    out.println("4/5  GRPO on generated arithmetic: LoRA of rank 1 at ten times the learning rate");
    Path lora = output.resolve("grpo-lora");
    grpo(training, lora, "--" + Flags.USE_PEFT);
    out.printf(Locale.ROOT, "%n5/5  GRPO on the same problems: all weights%n");
    Path full = output.resolve("grpo-full");
    grpo(training, full, "--" + Flags.LEARNING_RATE, "1e-4");

    double before = meanReward(heldOut, "base", base);
    double withLora = meanReward(heldOut, "lora", base, "--" + Flags.ADAPTER, lora.toString());
    double withFull = meanReward(heldOut, "full", full);
    Path figure = output.resolve("figure");
    commands.run(
        "report",
        lora.toString(),
        full.toString(),
        "--" + Flags.LABELS,
        "LoRA, rank 1",
        "full fine-tuning",
        "--" + Flags.TITLE,
        "LoRA without regret, in miniature: GRPO on arithmetic",
        "--" + Flags.OUTPUT_DIR,
        figure.toString());
    return List.of(
        String.format(
            Locale.ROOT,
            "mean reward      %.3f → %.3f with LoRA, %.3f with full fine-tuning",
            before,
            withLora,
            withFull),
        "figure           %s".formatted(figure.resolve("report.png")));
  }

  private Path problems(String name, boolean heldOut, int count) throws IOException {
    Path file = output.resolve(name);
    try (BufferedWriter lines = Files.newBufferedWriter(file)) {
      for (Problem problem : PROBLEMS.take(heldOut, count)) {
        Conversations.writeProblem(
            lines, problem.question(), String.valueOf(problem.sum().result()));
      }
    }
    return file;
  }

  private void grpo(Path problems, Path run, String... more) throws Exception {
    new OwnProcess(out)
        .run(
            List.of(
                "grpo",
                "--" + Flags.CONFIG,
                recipe.resolve("grpo.yaml").toString(),
                "--" + Flags.MODEL_NAME_OR_PATH,
                recipe.resolve("base").toString(),
                "--" + Flags.DATASET_NAME,
                problems.toString(),
                "--" + Flags.OUTPUT_DIR,
                run.toString(),
                "--" + Flags.OVERWRITE_OUTPUT_DIR,
                "--" + Flags.SEED,
                String.valueOf(seed)),
            more);
  }

  /** The mean reward of completions of the held-out problems, sampled and judged as in training. */
  private double meanReward(Path heldOut, String name, Path model, String... adapter)
      throws Exception {
    Path judged = output.resolve("heldout-%s".formatted(name));
    commands.run(
        List.of(
            "eval",
            "--" + Flags.MODEL_NAME_OR_PATH,
            model.toString(),
            "--" + Flags.DATASET_NAME,
            heldOut.toString(),
            "--" + Flags.OUTPUT_DIR,
            judged.toString(),
            "--" + Flags.OVERWRITE_OUTPUT_DIR,
            "--" + Flags.NUM_GENERATIONS,
            "8",
            "--" + Flags.TEMPERATURE,
            "1.0",
            "--" + Flags.MAX_COMPLETION_LENGTH,
            "24",
            "--" + Flags.REWARD_FUNCS,
            "accuracy_reward",
            "--" + Flags.SEED,
            String.valueOf(seed)),
        adapter);
    // with equally many completions per problem and rewards of 0 or 1, pass@1 is the mean reward
    return JSON.readTree(judged.resolve("_eval_summary.json").toFile())
        .at("/pass@1/value")
        .doubleValue();
  }
}
