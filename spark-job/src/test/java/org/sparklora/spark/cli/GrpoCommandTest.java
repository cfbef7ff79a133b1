package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.prep.source.DatasetFiles;
import org.sparklora.prep.source.DatasetSplits;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.Reward;
import org.sparklora.reward.RewardInput;
import org.sparklora.train.TestModels;

/** {@code spark-lora grpo} as a user meets it, on a tiny model. */
class GrpoCommandTest extends TinyModelCommands {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MISUSED = 2;
  private static final String GSM8K =
      """
      {"question": "Tom has 3 eggs and buys 4. How many?", "answer": "3+4=7\\n#### 7"}
      {"question": "Ann has 9 pens and loses 4. How many?", "answer": "9-4=5\\n#### 5"}
      {"question": "Two boxes of 6 cups. How many?", "answer": "2*6=12\\n#### 12"}
      {"question": "Why would anyone ask a question that is so very much longer than all of the others in this file, and what is 1+1, all things considered?", "answer": "#### 2"}
      """;

  /** Rewards what even a random model varies in. */
  public static final class Shortness implements Reward {
    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
      return "shortness";
    }

    @Override
    public Judgement judge(RewardInput completion) {
      if (completion.solution().isEmpty()) {
        return Judgement.unverifiable("no solution");
      }
      return Judgement.scored(-completion.text().length(), "shorter is better");
    }
  }

  private Path dataset;

  @BeforeEach
  void prepare() throws IOException {
    dataset = Files.writeString(folder.resolve("problems.jsonl"), GSM8K);
  }

  private int run(Path output, String... more) {
    return CommandRun.of(
        CommandRun.words(
            """
            grpo --model_name_or_path %s --dataset_name %s --output_dir %s --reward_funcs %s
            --max_completion_length 8 --num_generations 4 --per_device_train_batch_size 2
            --gradient_accumulation_steps 2 --generation_batch_size 8 --max_steps 4
            --learning_rate 1e-3 --logging_steps 1
            """,
            model, dataset, output, Shortness.class.getName()),
        more);
  }

  private String message() {
    return err.text();
  }

  private static JsonNode state(Path output) throws IOException {
    return JSON.readTree(output.resolve("trainer_state.json").toFile());
  }

  @Test
  void anAdapterIsTrainedAndLoggedUnderTrlsNames() throws IOException {
    Path output = folder.resolve("run");
    String[] flags =
        CommandRun.words(
                """
                --use_peft --lora_target_modules all-linear --max_prompt_length 80 --beta 0.04
                --warmup_ratio 0.0 --vllm_mode colocate --save_steps 2 --save_total_limit 1
                --report_to trackio
                """)
            .toArray(String[]::new);

    assertThat(run(output, flags)).as(message()).isZero();

    assertThat(message())
        .as("the guide's --vllm_mode, which needs --use_vllm")
        .doesNotContain("vllm");
    assertThat(output.resolve("reward.png")).isNotEmptyFile();
    assertThat(output.resolve("README.md"))
        .content()
        .contains("- grpo\n", "- lora\n", "by GRPO", "rank 16", "| steps | 4 |", "`reward.png`");
    JsonNode state = state(output);
    assertThat(state.get("global_step").asInt()).isEqualTo(4);
    JsonNode history = state.get("log_history");
    assertThat(history).hasSize(5);
    for (String name :
        List.of(
            "loss",
            "grad_norm",
            "learning_rate",
            "num_tokens",
            "completions/mean_length",
            "completions/min_length",
            "completions/max_length",
            "completions/clipped_ratio",
            "completions/mean_terminated_length",
            "rewards/shortness/mean",
            "rewards/shortness/std",
            "reward",
            "reward_std",
            "frac_reward_zero_std",
            "kl",
            "entropy",
            "clip_ratio/low_mean",
            "clip_ratio/high_mean",
            "clip_ratio/region_mean",
            "clip_ratio/low_min",
            "clip_ratio/high_max",
            "sampling/sampling_logp_difference/mean",
            "step_time",
            "epoch")) {
      assertThat(history.get(0).path(name).isNumber()).as(name).isTrue();
    }
    assertThat(history.get(1).has("reward")).as("the second step draws no round").isFalse();
    assertThat(history.get(2).has("reward")).isTrue();
    assertThat(history.get(0).get("sampling/sampling_logp_difference/mean").asDouble())
        .isBetween(0.0, 1e-4);
    assertThat(history.get(0).get("grad_norm").asDouble()).isPositive();
    DecoderConfig config = DecoderConfig.read(model.resolve("config.json"));
    assertThat(AdapterFile.open(output, config).layout().config().rank()).isEqualTo(16);
    assertThat(output.resolve("checkpoint-4")).isDirectory();
    assertThat(output.resolve("checkpoint-2")).doesNotExist();

    Path again = folder.resolve("again");
    assertThat(run(again, flags)).as(message()).isZero();
    assertThat(Files.readAllBytes(again.resolve("adapter_model.safetensors")))
        .isEqualTo(Files.readAllBytes(output.resolve("adapter_model.safetensors")));
  }

  @Test
  void withoutPeftAllWeightsAreTrained() throws IOException {
    Path output = folder.resolve("run");

    assertThat(run(output, "--save_strategy", "no", "--learning_rate", "1e-5"))
        .as(message())
        .isZero();

    assertThat(output.resolve("model.safetensors")).isRegularFile();
    assertThat(output.resolve("config.json")).isRegularFile();
  }

  @Test
  void settingsThatDoNotFitAreRefused() {
    Path output = folder.resolve("run");
    assertThat(run(output, "--num_generations", "3")).isEqualTo(MISUSED);
    assertThat(message()).contains("num_generations").contains("must divide");
    assertThat(run(output, "--steps_per_generation", "4")).isEqualTo(MISUSED);
    assertThat(message()).contains("leave one of them out");
    assertThat(run(output, "--max_prompt_length", "3")).isNotZero();
    assertThat(message()).contains("4 were longer than max_prompt_length");
  }

  @Test
  void promptsArePreparedOnceAndATableOfThemIsTakenAsItIs() throws IOException {
    Path prompts = folder.resolve("prompts");
    String prep =
        "prep --task grpo --model_name_or_path %s --dataset_name %s --max_prompt_length 80 --output_dir %s";
    assertThat(CommandRun.line(prep, model, dataset, prompts)).as(message()).isZero();
    Path own = folder.resolve("own");
    Path given = folder.resolve("given");

    assertThat(run(own, "--use_peft", "--max_prompt_length", "80")).as(message()).isZero();
    assertThat(run(given, "--use_peft", "--dataset_name", prompts.toString()))
        .as(message())
        .isZero();

    assertThat(Files.readAllBytes(given.resolve("adapter_model.safetensors")))
        .isEqualTo(Files.readAllBytes(own.resolve("adapter_model.safetensors")));
    assertThat(folder.resolve("own.prompts/_prompts_manifest.json")).isRegularFile();
    assertThat(folder.resolve("given.prompts")).doesNotExist();
    Path refused = folder.resolve("refused");
    assertThat(run(refused, "--dataset_name", prompts.toString(), "--system_prompt", "Be brief."))
        .isEqualTo(MISUSED);
    assertThat(message())
        .contains("system_prompt")
        .contains("it was made with system_prompt unset");
    Path other = TestModels.copy("llama-tiny", folder.resolve("other"));
    Files.writeString(
        other.resolve("tokenizer.json"),
        Files.readString(other.resolve("tokenizer.json")).replace("<|im_end|>", "<|im_stop|>"));
    assertThat(
            run(refused, "--dataset_name", prompts.toString(), "--model_name_or_path", other + ""))
        .isEqualTo(MISUSED);
    assertThat(message())
        .contains("its rows are token ids of the tokenizer of")
        .contains("has another one");
  }

  @Test
  void completionsAreLoggedAsTrlLogsThem() throws IOException {
    Path output = folder.resolve("run");
    assertThat(run(output, "--use_peft", "--log_completions", "--num_completions_to_print", "1"))
        .as(message())
        .isZero();

    assertThat(out.text().lines().filter(line -> line.startsWith("step")))
        .hasSize(4)
        .allMatch(line -> line.contains("shortness -"));
    Path completions = output.resolve("completions");
    assertThat(LoggedRun.names(completions))
        .containsExactly(
            "completions_00001.parquet",
            "completions_00002.parquet",
            "completions_00003.parquet",
            "completions_00004.parquet");
    List<Map<String, Object>> rows = new ArrayList<>();
    new DatasetSplits(new Configuration())
        .of(
            new DatasetFiles(new Configuration())
                .find(completions.resolve("completions_00003.parquet").toString(), "", "train"),
            problem -> rows.clear())
        .forEach(split -> split.read(new Configuration(), Set.of(), row -> rows.add(row.values())));
    assertThat(rows).hasSize(8);
    assertThat(rows.get(0).keySet())
        .containsExactly("step", "prompt", "completion", "shortness", "advantage");
    double mean =
        rows.stream().mapToDouble(row -> (Double) row.get("shortness")).average().orElseThrow();
    assertThat(rows).allMatch(row -> row.get("step").equals(3L));
    assertThat(mean).isCloseTo(state(output).at("/log_history/2/reward").asDouble(), within(1e-6));
    assertThat(rows.get(0).get("prompt").toString()).contains("user").contains("How many?");
    assertThat(rows.get(0).get("completion").toString()).contains("assistant");
  }

  @Test
  void theTestSplitIsEvaluatedOnTheWay() throws IOException {
    Path data = Files.createDirectories(folder.resolve("data"));
    Files.move(dataset, data.resolve("train.jsonl"));
    Files.writeString(
        data.resolve("test.jsonl"),
        """
        {"question": "1+1?", "answer": "#### 2"}
        {"question": "2+2?", "answer": "#### 4"}
        """);
    Path output = folder.resolve("run");
    String flags =
        "--use_peft --eval_strategy steps --eval_steps 2 --eval_on_start --num_generations_eval 3 --per_device_eval_batch_size 4 --beta 0.04 --dataset_name ";

    assertThat(run(output, (flags + data).split(" "))).as(message()).isZero();

    List<JsonNode> evaluations = new ArrayList<>();
    state(output)
        .get("log_history")
        .forEach(
            row -> {
              if (row.has("eval_reward")) {
                evaluations.add(row);
              }
            });
    assertThat(evaluations).extracting(row -> row.get("step").asInt()).containsExactly(0, 2, 4);
    for (String name :
        List.of(
            "eval_loss",
            "eval_entropy",
            "eval_kl",
            "eval_sampling/sampling_logp_difference/mean",
            "eval_sampling/sampling_logp_difference/max",
            "eval_reward_std",
            "eval_frac_reward_zero_std",
            "eval_rewards/shortness/mean",
            "eval_completions/mean_length",
            "eval_completions/clipped_ratio",
            "eval_num_tokens",
            "eval_runtime",
            "eval_samples_per_second",
            "eval_steps_per_second")) {
      assertThat(evaluations.get(0).path(name).isNumber()).as(name).isTrue();
    }
    JsonNode atFirst = evaluations.get(0);
    // the policy is its own reference, but for sums in another order
    assertThat(atFirst.get("eval_kl").asDouble()).isBetween(0.0, 1e-10);
    assertThat(evaluations.get(2).get("eval_kl").asDouble()).isGreaterThan(1e-10);
    // a token of a random model could be nearly any of the vocabulary, and the sampler agrees
    assertThat(atFirst.get("eval_entropy").asDouble()).isBetween(4.0, Math.log(512));
    assertThat(atFirst.get("eval_sampling/sampling_logp_difference/mean").asDouble())
        .isBetween(0.0, 1e-4);
    assertThat(atFirst.has("eval_clip_ratio/region_mean")).isFalse();
    String file = data.resolve("train.jsonl").toString();
    assertThat(run(folder.resolve("other"), "--dataset_name", file, "--eval_strategy", "steps"))
        .isEqualTo(MISUSED);
    assertThat(message()).contains("dataset_test_split");
  }
}
