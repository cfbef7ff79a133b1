package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commands in JVMs of their own that get the signal of Ctrl-C, or the one schedulers send. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "signals are sent with kill")
class InterruptedCommandTest extends TinyModelCommands {
  private static final int INTERRUPTED = 130;
  private static final int TERMINATED = 143;

  private ChildJvm start(String command, String... more) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("--model_name_or_path", model.toString()));
    arguments.addAll(List.of(more));
    return ChildJvm.start(folder.resolve("log"), command, arguments);
  }

  private ChildJvm train(String command, String... more) throws IOException {
    return start(command, training(command, 1_000_000, more).toArray(String[]::new));
  }

  private List<String> training(String command, int steps, String... more) throws IOException {
    Path data = Path.of("src/test/resources/sft/linear_w0/dataset.jsonl");
    String flags =
        "--dataset_name %s --output_dir %s/out --use_peft --per_device_train_batch_size 2 --max_steps %s ";
    if (command.equals("grpo")) {
      data = folder.resolve("prompts.jsonl");
      Files.writeString(data, "{\"prompt\": \"1 + 1?\", \"solution\": \"2\"}\n".repeat(8));
      flags +=
          "--num_generations 2 --max_completion_length 8 --reward_funcs accuracy_reward --gradient_accumulation_steps 1";
    }
    List<String> arguments = new ArrayList<>(CommandRun.words(flags, data, folder, steps));
    arguments.addAll(List.of(more));
    return arguments;
  }

  /** What it said on standard error, but for lines of training. */
  private static List<String> said(ChildJvm child) throws IOException {
    return child.log().lines().filter(line -> !line.startsWith("{'")).toList();
  }

  private static void assertSaysOnly(ChildJvm child, String pattern) throws IOException {
    String last = said(child).get(said(child).size() - 1);
    assertThat(last).as(child.log()).matches("spark-lora: Interrupted" + pattern);
    assertThat(said(child))
        .as("nothing of what failed because of it")
        .noneMatch(
            line -> line.matches(".*(Exception|ERROR|WARN|Error:).*|\\s+at .*|spark-lora: [^I].*"));
  }

  @ParameterizedTest
  @CsvSource({"sft, INT", "grpo, TERM"})
  void trainingSaysHowFarItCameAndGoesOnFromThere(String command, String signal) throws Exception {
    ChildJvm child = train(command, "--save_steps", "2", "--save_total_limit", "2");
    child.await(folder.resolve("out/checkpoint-4"));

    assertThat(child.signal(signal)).isEqualTo(signal.equals("INT") ? INTERRUPTED : TERMINATED);

    assertSaysOnly(
        child, " after step \\d+; go on from checkpoint-\\d+ with --resume_from_checkpoint true");
    assertThat(folder.resolve("out/.run.lock")).doesNotExist();
    String log = child.log();
    String told = log.replaceAll("(?s).*go on from (checkpoint-\\d+).*", "$1");
    assertThat(folder.resolve("out").resolve(told)).isDirectory();

    int saved = Integer.parseInt(told.substring("checkpoint-".length()));
    List<String> resumed = training(command, saved + 2, "--model_name_or_path", model.toString());
    resumed.addAll(List.of("--save_steps", "2", "--resume_from_checkpoint", "true"));
    assertThat(CommandRun.ofLocal(command, resumed)).as(err.text()).isZero();
    assertThat(folder.resolve("out/checkpoint-" + (saved + 2))).isDirectory();
  }

  @Test
  void trainingBeforeItsFirstCheckpointLeavesNothing() throws Exception {
    ChildJvm child = train("sft", "--save_strategy", "no", "--logging_steps", "1");
    Path log = folder.resolve("out/metrics.jsonl");
    child.await("a logged step", () -> Files.exists(log) && Files.size(log) > 0);

    assertThat(child.signal("INT")).isEqualTo(INTERRUPTED);

    assertSaysOnly(child, " after step \\d+, before the first checkpoint, .* run it again.*");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void preparingLeavesNothing() throws Exception {
    Path data = folder.resolve("rows.jsonl");
    String row = "{\"text\": \"%s\"}\n".formatted("one two three ".repeat(40));
    Files.writeString(data, row.repeat(100_000));
    ChildJvm child =
        start("prep", "--dataset_name", data + "", "--output_dir", folder.resolve("table") + "");
    child.await("an unfinished table", () -> !named(".table").isEmpty());

    assertThat(child.signal("TERM")).isEqualTo(TERMINATED);

    assertSaysOnly(child, "; nothing was written: run it again");
    assertThat(folder.resolve("table")).doesNotExist();
    assertThat(named(".table")).isEmpty();
  }

  private List<Path> named(String start) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.getFileName().toString().startsWith(start)).toList();
    }
  }

  @ParameterizedTest
  @CsvSource({"generate, INT", "tokenize, TERM"})
  void whatNeedsNoSparkLeavesNothing(String command, String signal) throws Exception {
    Path input = folder.resolve("in.jsonl");
    String row = "{\"%s\": \"one two three\"}\n";
    Files.writeString(
        input,
        IntStream.range(0, command.equals("generate") ? 2000 : 500_000)
            .mapToObj(i -> row.formatted(command.equals("generate") ? "prompt" : "text"))
            .collect(Collectors.joining()));
    List<String> flags =
        CommandRun.words(
            "--model_name_or_path %s --input %s --output %s/o.jsonl", model, input, folder);
    ChildJvm child = ChildJvm.startWithoutMaster(folder.resolve("log"), command, flags);
    child.await("an unfinished file", () -> !named(".o.jsonl.").isEmpty());

    assertThat(child.signal(signal)).isEqualTo(signal.equals("INT") ? INTERRUPTED : TERMINATED);

    assertSaysOnly(child, "; nothing was written: run it again");
    assertThat(folder.resolve("o.jsonl")).doesNotExist();
    assertThat(named(".o.jsonl.")).isEmpty();
  }
}
