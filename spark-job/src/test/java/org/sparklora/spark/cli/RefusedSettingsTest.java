package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.run.TrainingSettings;
import org.sparklora.spark.sft.SftConfig;

/** Settings that cannot be used end in one line, before any work, and leave nothing. */
class RefusedSettingsTest extends TinyModelCommands {
  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  private Map<String, String> commands;

  @BeforeEach
  void prepare() throws IOException {
    String dataset =
        Files.writeString(
                folder.resolve("data.jsonl"),
                "{\"question\": \"1 + 1?\", \"answer\": \"#### 2\"}\n")
            .toString();
    String prompts =
        Files.writeString(folder.resolve("prompts.jsonl"), "{\"prompt\": \"1 + 1?\"}\n").toString();
    String run = "%s --model_name_or_path " + model + " --dataset_name " + dataset;
    String training = run + " --use_peft --master local[1] --output_dir " + output();
    commands =
        Map.of(
            "sft",
            training.formatted("sft"),
            "grpo",
            training.formatted("grpo"),
            "update",
            training.formatted("update") + " --input " + folder.resolve("advantages"),
            "eval",
            run.formatted("eval") + " --dataset_test_split train --output_dir " + output(),
            "generate",
            "generate --model_name_or_path %s --input %s --output %s.jsonl"
                .formatted(model, prompts, output()),
            "quickstart-base",
            "quickstart-base --output_dir " + output());
  }

  private int run(String command, String... more) {
    return CommandRun.of(CommandRun.words(commands.get(command)), more);
  }

  private Path output() {
    return folder.resolve("out");
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @CsvSource({
    "sft, --lora_r, 0",
    "sft, --lora_dropout, 1.5",
    "sft, --bnb_4bit_quant_type, fp4",
    "grpo, --load_in_8bit, true",
    "sft, --num_workers, 2147483647",
    "sft, --router_aux_loss_coef, 0.1", // the model has no experts
    "grpo, --router_aux_loss_coef, 0.1",
    "sft, --averaging_dtype, float16",
    "sft, --averaging_dtype, bfloat16", // in local mode nothing travels
    "sft, --averaging_dtype, int4", // moments are averaged
    "sft, --averaging_frequency, 0",
    "sft, --outer_optimizer, adam",
    "sft, --outer_learning_rate, 0",
    "sft, --outer_learning_rate, NaN",
    "sft, --outer_momentum, 1",
    "sft, --inner_moments, none",
    "sft, --deal_by_speed, true", // moments are averaged
    "sft, --logging_steps, 0",
    "sft, --logging_steps, 1.5",
    "grpo, --beta, Infinity",
    "grpo, --repetition_penalty, Infinity",
    "grpo, --temperature, Infinity",
    "grpo, --top_k, -3",
    "grpo, --num_completions_to_print, -1",
    "grpo, --eval_delay, -1",
    "grpo, --sapo_temperature_pos, 0",
    "grpo, --sapo_temperature_neg, -1",
    "grpo, --reward_weights, NaN",
    "grpo, --reward_funcs, acuracy_reward",
    "eval, --reward_funcs, acuracy_reward",
    "sft, --eval_strategy, steps",
    "grpo, --eval_strategy, steps",
    "generate, --num_generations, 2147483647",
    "generate, --num_workers, 0",
    "generate, --round, -1",
    "quickstart-base, --rows, 0",
  })
  void areNamedBeforeAnyWork(String command, String flag, String value) throws IOException {
    List<Path> before = files();

    assertThat(run(command, flag, value)).as(err.text()).isEqualTo(MISUSED);

    assertThat(err.text().lines().filter(line -> line.startsWith("spark-lora: ")))
        .singleElement()
        .asString()
        .contains("Cannot use ", flag.substring(2));
    assertThat(err.text()).doesNotContain("100 %");
    assertThat(files()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--debug_errors", "--debug-errors", "--debug_errors=true"})
  void aFlagAddsTheStackTraceOfAMistake(String flag) {
    assertThat(CommandRun.errorOf("sft", flag, "--lora_r", "0")).contains("\tat org.sparklora.");
    assertThat(CommandRun.errorOf("sft", "--debug_errors=false", "--lora_r", "0"))
        .doesNotContain("\tat ");
  }

  @Test
  void warmUpIsGivenOnce() {
    assertThat(run("sft", "--warmup_steps", "5", "--warmup_ratio", "0.1")).isEqualTo(MISUSED);
    assertThat(err.text()).contains("warmup_ratio = 0.1").contains("warmup_steps = 5.0");
    List<String> none = List.of("--warmup_steps", "5", "--warmup_ratio", "0.0");
    assertThat(TrainingSettings.schedule(CommandLine.parse("sft", none).settings()).warmup())
        .isEqualTo(5);
  }

  @ParameterizedTest
  @CsvSource({
    "--outer_optimizer, nesterov",
    "--outer_learning_rate, 0.5",
    "--outer_momentum, 0.5",
    "--inner_moments, kept",
    "--deal_by_speed, true",
  })
  void anOuterOptimizerNeedsAverages(String flag, String value) {
    assertThat(run("sft", "--sync", "gradients", flag, value)).isEqualTo(MISUSED);
    assertThat(err.text())
        .contains("Cannot use %s = %s".formatted(flag.substring(2), value), "--sync parameters");
  }

  @ParameterizedTest
  @CsvSource({
    "--outer_optimizer, nesterov",
    "--outer_learning_rate, 0.5",
    "--outer_momentum, 0.5",
  })
  void anOuterOptimizerOfAPolicyNeedsLocalSteps(String flag, String value) {
    assertThat(run("grpo", flag, value)).isEqualTo(MISUSED);
    assertThat(err.text())
        .contains("Cannot use %s = %s".formatted(flag.substring(2), value), "--local_steps 1");
  }

  @Test
  void anUpdateReplacesNoPrompts() {
    assertThat(run("update", "--dynamic_sampling")).isEqualTo(MISUSED);
    assertThat(err.text()).contains("Cannot use dynamic_sampling = true", "or run grpo");
  }

  @Test
  void defaultsInTheFileOfARunAreNotRefused() throws IOException {
    Settings sft = again("sft", "--sync", "gradients");
    Settings grpo = again("grpo");

    assertThat(sft.isGiven(Flags.OUTER_OPTIMIZER)).isTrue();
    assertThat(SftConfig.of(sft).sync().averaging()).isEmpty();
    assertThat(grpo.isGiven(Flags.OUTER_OPTIMIZER)).isTrue();
    assertThat(GrpoConfig.of(grpo).batch().outer()).isEmpty();
  }

  /** The settings that a run with these writes, as another run reads them. */
  private Settings again(String command, String... more) throws IOException {
    List<String> flags = new ArrayList<>(List.of(commands.get(command).split(" ")));
    flags.addAll(List.of(more));
    String yaml = CommandLine.parse(command, flags.subList(1, flags.size())).settings().toYaml();
    Path file = Files.writeString(folder.resolve(command + ".yaml"), yaml);
    return CommandLine.parse(command, List.of("--config", file.toString())).settings();
  }

  @Test
  void anOuterOptimizerLeavesMomentsWithTheirWorkers() {
    assertThat(run("sft", "--outer_optimizer", "nesterov", "--inner_moments", "averaged"))
        .isEqualTo(MISUSED);
    assertThat(err.text()).contains("Cannot use inner_moments = averaged");
  }

  @Test
  void ofAFileNameTheFile() throws IOException {
    Path file = Files.writeString(folder.resolve("run.yaml"), "lora_r: 0\n");
    assertThat(run("sft", "--config", file.toString())).isEqualTo(MISUSED);
    assertThat(err.text()).contains("lora_r = 0 (" + file + ")");
  }

  @ParameterizedTest
  @ValueSource(strings = {"sft", "grpo"})
  void damagedWeightsShowBeforeDataIsPrepared(String command) throws IOException {
    Path weights = folder.resolve("llama-tiny").resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(bytes, bytes.length - 1000));
    List<Path> before = files();

    assertThat(run(command)).isEqualTo(FAILED);

    assertThat(err.text()).contains("damaged or cut").doesNotContain("100 %");
    assertThat(files()).isEqualTo(before);
  }

  @Test
  void promptsOfWhichNoneHasASolutionAreRefused() throws IOException {
    Path data = Files.writeString(folder.resolve("asked.jsonl"), "{\"prompt\": \"1 + 1?\"}\n");
    assertThat(run("grpo", "--dataset_name", data.toString())).isEqualTo(MISUSED);
    assertThat(err.text())
        .contains("reward_funcs = strip_reasoning_accuracy_reward")
        .contains("none of the 1 prompts has one");
    assertThat(output()).doesNotExist();
  }

  @Test
  void anOutputThatCannotBeWrittenIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("taken"), "");
    assertThat(run("generate", "--output", file.resolve("out.jsonl").toString()))
        .isEqualTo(MISUSED);
    assertThat(err.text()).contains("output = " + file).contains("it cannot be written");
  }
}
