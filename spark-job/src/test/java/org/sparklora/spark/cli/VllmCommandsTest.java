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
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.grpo.GrpoJob;
import org.sparklora.spark.run.TrainingEnvironment;
import org.sparklora.train.TestModels;
import org.sparklora.train.vllm.DecoderDrawing;
import org.sparklora.train.vllm.VllmStandIn;

/**
 * Commands whose completions come from servers: stand-ins for vLLM that draw with this project's
 * decoder.
 */
class VllmCommandsTest extends TinyModelCommands {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MISUSED = 2;

  private Path dataset;
  private final List<VllmStandIn> servers = new ArrayList<>();

  @BeforeEach
  void prepare() throws IOException {
    dataset =
        Files.writeString(
            folder.resolve("problems.jsonl"),
            """
            {"question": "Tom has 3 eggs and buys 4. How many?", "answer": "3+4=7\\n#### 7"}
            {"question": "Ann has 9 pens and loses 4. How many?", "answer": "9-4=5\\n#### 5"}
            """);
    serve(model);
  }

  @AfterEach
  void stop() {
    servers.forEach(VllmStandIn::close);
  }

  private void serve(Path folder) throws IOException {
    VllmStandIn server = DecoderDrawing.serve(folder);
    server.base = "llama-tiny";
    servers.add(server);
  }

  private String urls() {
    return String.join(",", servers.stream().map(VllmStandIn::url).toList());
  }

  private int run(String command, Object... more) {
    return CommandRun.of(
        List.of(command, "--model_name_or_path", model.toString()),
        Stream.of(more).map(Object::toString).toArray(String[]::new));
  }

  private Object[] grpo(Path output, Object... more) {
    List<String> flags =
        CommandRun.words(
            """
            --dataset_name %s --output_dir %s --use_peft --reward_funcs %s
            --max_completion_length 8 --num_generations 4 --per_device_train_batch_size 4
            --gradient_accumulation_steps 2 --max_steps 3 --learning_rate 1e-2 --logging_steps 1
            """,
            dataset, output, GrpoCommandTest.Shortness.class.getName());
    return with(byServers(flags.toArray()), more);
  }

  @Test
  void grpoLearnsFromServersWhichHoldItsPolicyInEveryRound() throws IOException {
    serve(model);
    Path output = folder.resolve("run");

    assertThat(run("grpo", grpo(output, "--lora_r", 8))).as(err.text()).isZero();

    JsonNode history =
        JSON.readTree(output.resolve("trainer_state.json").toFile()).get("log_history");
    for (int step = 0; step < 3; step++) {
      JsonNode row = history.get(step);
      assertThat(row.get("sampling/sampling_logp_difference/max").asDouble()).isBetween(0.0, 1e-3);
      assertThat(row.get("grad_norm").asDouble()).isPositive();
      assertThat(row.get("sampling/importance_sampling_ratio/mean").asDouble())
          .isCloseTo(1, within(1e-3));
      List<Generation> drawn =
          GenerationTable.read(
              new Configuration(false), output + "/rounds/round-000" + step + "/generations");
      assertThat(drawn)
          .hasSize(8)
          .extracting(one -> one.origin().generator() + one.origin().policyVersion())
          .containsOnly("vllm" + step);
    }
    assertThat(output.resolve("vllm-adapters")).doesNotExist();
    assertThat(output.resolve("adapter_model.safetensors")).isRegularFile();
    for (VllmStandIn server : servers) {
      assertThat(server.history.stream().filter(line -> line.startsWith("load"))).hasSize(4);
      assertThat(server.adapters()).isEmpty();
    }
    // 2 groups a round, and of each server a token of the base and some of the first policy
    assertThat(servers.stream().mapToInt(VllmStandIn::requests).sum()).isEqualTo(3 * 2 + 2 * 2);
  }

  @Test
  void otherWeightsAndWhatServersCannotDoAreRefusedBeforeTheFirstStep() throws IOException {
    Path other = TestModels.copy("llama-tiny", folder.resolve("other"));
    Path weights = other.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    for (int sign = bytes.length - 1; sign > bytes.length / 2; sign -= 3 * Float.BYTES) {
      bytes[sign] ^= (byte) 0x80; // of each third weight of the later half
    }
    Files.write(weights, bytes);
    serve(other);
    Path output = folder.resolve("run");

    assertThat(run("grpo", grpo(output))).isEqualTo(MISUSED);
    assertThat(err.text())
        .contains("vllm_server_base_url = " + servers.get(1).url())
        .contains("it draws from other weights than " + model);
    assertThat(run("grpo", grpo(output, "--no_use_peft"))).isEqualTo(MISUSED);
    assertThat(err.text()).contains("servers cannot load all weights while they run");
    assertThat(run("grpo", grpo(output, "--vllm_mode", "colocate"))).isEqualTo(MISUSED);
    assertThat(err.text()).contains("vllm_mode = colocate").contains("--vllm_mode server");
    assertThat(run("grpo", grpo(output, "--vllm_server_base_url", "localhost"))).isEqualTo(MISUSED);
    assertThat(err.text()).contains("write the address of a server, such as http://host:8000");
  }

  @Test
  void aServerDrawsWhatTheDecoderDraws() throws IOException {
    Path adapter = folder.resolve("run");
    assertThat(run("grpo", grpo(adapter))).as(err.text()).isZero();
    Path prompts =
        Files.writeString(
            folder.resolve("p.jsonl"), "{\"prompt\": \"1+1\"}\n{\"prompt\": \"Why?\"}\n");
    Object[] same = {
      "--adapter", adapter, "--input", prompts, "--temperature", 0, "--max_completion_length", 8
    };
    Path own = folder.resolve("own.jsonl");
    Path served = folder.resolve("served.jsonl");
    Path ofAnother = folder.resolve("served.jsonl.vllm-adapters/policy-0badcafe-given");
    Files.createDirectories(ofAnother);

    assertThat(run("generate", with(same, "--output", own))).as(err.text()).isZero();
    assertThat(run("generate", byServers(with(same, "--output", served)))).as(err.text()).isZero();

    assertThat(Files.readString(served)).isEqualTo(Files.readString(own));
    assertThat(servers.get(0).adapters()).isEmpty();
    assertThat(servers.get(0).history).doesNotContain("unload policy-0badcafe-given");
    assertThat(ofAnother).as("of a run that writes the same output").exists();
    assertThat(folder.toFile().list((parent, name) -> name.contains("vllm-adapters"))).hasSize(1);
  }

  /** Servers would refuse the last prompt after all others were completed. */
  @Test
  void everyPromptOfJsonLinesIsCheckedBeforeTheFirstIsCompleted() throws IOException {
    String lines = "{\"prompt\": \"1+1\"}\n".repeat(256);
    String last = "{\"prompt\": \"%s\"}\n".formatted("1+1 ".repeat(50));
    Path prompts = Files.writeString(folder.resolve("p.jsonl"), lines + last);
    Path output = folder.resolve("served.jsonl");
    servers.get(0).maxLength = 40;

    Object[] flags = {"--input", prompts, "--output", output, "--max_completion_length", 8};
    assertThat(run("generate", byServers(flags))).isEqualTo(MISUSED);
    assertThat(err.text()).contains("it holds 40 tokens, and prompts of up to");
    assertThat(servers.get(0).requests()).isZero();
    assertThat(output).doesNotExist();
  }

  /** A round whose completions come from servers, stage by stage: the adapter of one command. */
  @Test
  void stagesAloneGiveWhatOneCommandGives() throws IOException {
    Path together = folder.resolve("together");
    assertThat(run("grpo", grpo(together, "--max_steps", 1))).as(err.text()).isZero();
    Path rounds = together.resolve("rounds/round-0000");
    Path alone = folder.resolve("alone");
    Object[] update = {"--max_steps", 1, "--input", rounds.resolve("advantages")};

    assertThat(run("update", grpo(alone, update))).as(err.text()).isZero();
    assertThat(Files.readAllBytes(alone.resolve("adapter_model.safetensors")))
        .isEqualTo(Files.readAllBytes(together.resolve("adapter_model.safetensors")));
    int before = servers.get(0).requests();
    Path without = folder.resolve("without");
    String mask =
        "--vllm_importance_sampling_mode token_mask --vllm_importance_sampling_clip_max 1e-9";
    assertThat(run("update", with(grpo(without, update), (Object[]) mask.split(" "))))
        .as(err.text())
        .isZero();
    assertThat(servers.get(0).requests()).as("update draws nothing").isEqualTo(before);
    JsonNode masked =
        JSON.readTree(without.resolve("trainer_state.json").toFile()).get("log_history").get(0);
    assertThat(masked.get("grad_norm").asDouble()).as("every ratio is beyond the bound").isZero();
    assertThat(masked.get("sampling/importance_sampling_ratio/max").asDouble()).isZero();
  }

  @Test
  void evalAsksServers() throws IOException {
    Path output = folder.resolve("eval");
    Object[] flags =
        CommandRun.words(
                "--task math --dataset_name %s --dataset_test_split train --max_completion_length 8 --output_dir %s",
                dataset, output)
            .toArray();
    assertThat(run("eval", byServers(flags))).as(err.text()).isZero();

    assertThat(output.resolve("_eval_summary.json")).content().contains("\"problems\" : 2");
    assertThat(servers.get(0).requests()).isEqualTo(3);
  }

  @Test
  void anEvaluationInTheFolderOfARunLeavesTheRunsAdapters() throws IOException {
    Path prompts = folder.resolve("prompts");
    Object[] prep = {"--task", "grpo", "--dataset_name", dataset, "--output_dir", prompts};
    assertThat(run("prep", prep)).as(err.text()).isZero();
    Path output = folder.resolve("run");
    Path ofTheRun = Files.createDirectories(output.resolve("vllm-adapters/policy-0badcafe-v1"));
    List<String> flags = new ArrayList<>(List.of("--model_name_or_path", model.toString()));
    Object[] more = {"--dataset_name", prompts, "--eval_strategy", "steps"};
    Stream.of(grpo(output, more)).map(Object::toString).forEach(flags::add);
    GrpoConfig config = GrpoConfig.of(CommandLine.parse("grpo", flags).settings());

    GrpoJob.evaluate(
        new TrainingEnvironment.OfThread(new Configuration(false), System.out),
        config,
        Optional.empty());

    assertThat(servers.get(0).requests()).isPositive();
    assertThat(servers.get(0).adapters()).isEmpty();
    assertThat(servers.get(0).history).doesNotContain("unload policy-0badcafe-v1");
    assertThat(ofTheRun).exists();
    assertThat(folder.toFile().list((parent, name) -> name.contains("vllm-adapters"))).isEmpty();
  }

  /** Flags, and those that name the servers. */
  private Object[] byServers(Object... flags) {
    return with(flags, "--use_vllm", "--vllm_mode", "server", "--vllm_server_base_url", urls());
  }

  private static Object[] with(Object[] flags, Object... more) {
    List<Object> all = new ArrayList<>(List.of(flags));
    all.addAll(List.of(more));
    return all.toArray();
  }
}
