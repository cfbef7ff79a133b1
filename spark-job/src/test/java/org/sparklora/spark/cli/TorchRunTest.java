package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.Engines;

/** Runs of the command line with {@code --engine torch} beside those of the vector engine. */
class TorchRunTest extends TinyModelCommands {
  /** Float32 on both sides; sums in another order grow through the optimizer's square roots. */
  private static final double LOSS_BOUND = 1e-5;

  /** Of the adapters' norm, after ten steps at a high rate. */
  private static final double ADAPTER_BOUND = 1e-4;

  @AfterEach
  void leaveTheEngineAsItWas() {
    Engines.close();
  }

  private record Run(Path output, List<String> flags) implements LoggedRun {}

  private LoggedRun run(String engine, String command, List<String> flags) {
    Engines.close();
    Run run = new Run(folder.resolve(command + "-" + engine), flags);
    List<String> arguments = new ArrayList<>(run.arguments());
    arguments.addAll(List.of("--engine", engine));
    assertThat(CommandRun.ofLocal(command, arguments)).as(err.text()).isZero();
    return run;
  }

  private static void assertSameCurves(LoggedRun torch, LoggedRun vector, String... names)
      throws IOException {
    assertSameCurves(torch, vector, LOSS_BOUND, names);
    assertThat(torch.distanceFrom(vector)).isLessThan(ADAPTER_BOUND);
  }

  static void assertSameCurves(LoggedRun torch, LoggedRun vector, double bound, String... names)
      throws IOException {
    List<JsonNode> expected = vector.log();
    List<JsonNode> found = torch.log();
    assertThat(found).hasSameSizeAs(expected).hasSizeGreaterThan(1);
    int compared = 0;
    for (int row = 0; row < found.size(); row++) {
      for (String name : names) {
        if (expected.get(row).has(name)) {
          assertThat(found.get(row).get(name).asDouble())
              .as("%s of row %d", name, row)
              .isCloseTo(expected.get(row).get(name).asDouble(), within(bound));
          compared++;
        }
      }
    }
    assertThat(compared).isGreaterThanOrEqualTo(names.length * (found.size() - 1));
  }

  @Test
  void sftHasTheVectorEnginesCurve() throws IOException {
    List<String> flags =
        SftRun.tiny(model, folder, "--use_peft", "--lora_target_modules", "all-linear")
            // of a gradient that is all rounding AdamW would make a whole step
            .with("--lora_dropout", "0.1", "--adam_epsilon", "1e-6")
            .flags();
    LoggedRun torch = run("torch", "sft", flags);
    assertSameCurves(torch, run("vector", "sft", flags), "loss", "entropy");
  }

  @Test
  void grpoDrawsTheVectorEnginesTokensAndHasItsCurve() throws IOException {
    Path problems = folder.resolve("problems.jsonl");
    StringBuilder rows = new StringBuilder();
    for (int n = 0; n < 8; n++) {
      rows.append("{\"prompt\": \"%d and %d is\", \"solution\": \"%d\"}%n".formatted(n, n, 2 * n));
    }
    Files.writeString(problems, rows);
    List<String> flags =
        CommandRun.words(
            """
            --model_name_or_path %s --dataset_name %s --reward_funcs %s --use_peft
            --lora_target_modules all-linear --beta 0.04 --max_completion_length 8
            --num_generations 4 --per_device_train_batch_size 4 --gradient_accumulation_steps 2
            --max_steps 4 --learning_rate 1e-3 --logging_steps 1 --save_strategy no
            """,
            model, problems, GrpoCommandTest.Shortness.class.getName());
    LoggedRun torch = run("torch", "grpo", flags);
    LoggedRun vector = run("vector", "grpo", flags);
    assertSameCurves(
        torch, vector, "loss", "reward", "reward_std", "kl", "entropy", "completions/mean_length");
  }
}
