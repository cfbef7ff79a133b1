package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.train.TestModels;

/** A run that goes on from a checkpoint is the run that was never interrupted, to the last bit. */
class ResumeTest extends TinyModelRuns {
  private static final String[] LORA = {"--use_peft", "--lora_r", "4", "--lora_dropout", "0.1"};
  private static final String[] FULL = {"--weight_decay", "0.01"};

  /** A run with checkpoints after four and six steps, of which the tests take copies. */
  private static SftRun finished;

  /** The latest checkpoint of an empty folder is the beginning. */
  @BeforeAll
  static void runToTheEnd() throws IOException {
    sixSteps("finished").with("--resume_from_checkpoint", "true").run(spark);
    finished = sixSteps("finished");
    assertThat(finished.state().get("global_step").asInt()).isEqualTo(6);
  }

  static Stream<Arguments> waysToTrain() {
    return Stream.of(
        Arguments.of("lora", "parameters", "1"),
        Arguments.of("lora", "parameters", "2"),
        Arguments.of("lora", "parameters", "3"),
        Arguments.of("lora", "gradients", "1"),
        Arguments.of("lora", "gradients", "2"),
        Arguments.of("full", "parameters", "1"),
        Arguments.of("full", "parameters", "2"),
        Arguments.of("full", "gradients", "2"));
  }

  /**
   * Step 5 lies in the middle of an averaging round of three steps and of an epoch, which has four
   * steps for one worker and two for two; log rows cover three steps, so one is begun there.
   */
  @ParameterizedTest(name = "{0}, --sync {1}, {2} workers")
  @MethodSource("waysToTrain")
  void resumedRunEqualsTheUninterruptedOne(String kind, String sync, String workers)
      throws IOException {
    Path place = Files.createDirectories(folder.resolve(kind + sync + workers));
    SftRun whole =
        SftRun.tiny(model, place.resolve("whole"), kind.equals("lora") ? LORA : FULL)
            .with("--sync", sync, "--num_workers", workers, "--averaging_frequency", "3")
            .with("--gradient_accumulation_steps", "3", "--logging_steps", "3")
            .with("--save_steps", "5")
            .run(spark);
    assertThat(whole.names()).contains("checkpoint-10", "checkpoint-5");

    for (int step : new int[] {5, 10}) {
      SftRun resumed = whole.into(place.resolve("from" + step));
      leaveUpTo(step, whole, resumed);
      resumed.with("--resume_from_checkpoint", "true").run(spark);

      assertThat(resumed.weights()).as("weights, from step %d", step).isEqualTo(whole.weights());
      assertThat(resumed.history()).as("log, from step %d", step).isEqualTo(whole.history());
      assertThat(resumed.metrics()).as("metrics, from step %d", step).isEqualTo(whole.metrics());
      assertThat(
              Files.readAllBytes(resumed.output().resolve("checkpoint-10/optimizer.safetensors")))
          .isEqualTo(
              Files.readAllBytes(whole.output().resolve("checkpoint-10/optimizer.safetensors")));
    }
    assertThat(whole.metrics()).isEqualTo(whole.history());
  }

  /** What a run that was killed some rows after a checkpoint leaves in its folder. */
  private static void leaveUpTo(int step, SftRun whole, SftRun killed) throws IOException {
    String name = "checkpoint-" + step;
    SftRun.copy(whole.output().resolve(name), killed.output().resolve(name));
    List<String> lines = Files.readAllLines(whole.output().resolve("metrics.jsonl"));
    Files.writeString(
        killed.output().resolve("metrics.jsonl"),
        String.join("\n", lines.subList(0, Math.min(lines.size(), step / 3 + 1))) + "\n{\"epo");
  }

  private static SftRun sixSteps(String name) {
    return SftRun.tiny(model, folder.resolve(name), LORA)
        .with("--save_steps", "4", "--max_steps", "6");
  }

  private static SftRun copyOfFinished(String name) throws IOException {
    SftRun copy = sixSteps(name);
    SftRun.copy(finished.output(), copy.output());
    return copy;
  }

  @Test
  void checkpointIsLaidOutAsPeftAndTransformersDo() throws IOException {
    SftRun run = copyOfFinished("layout");

    assertThat(LoggedRun.names(run.output().resolve("checkpoint-4")))
        .contains(
            "README.md",
            "adapter_config.json",
            "adapter_model.safetensors",
            "optimizer.safetensors",
            "resume_state.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "trainer_state.json");
    assertThat(run.names())
        .as("nothing is left of how it was written")
        .noneMatch(name -> name.startsWith("."))
        .contains("checkpoint-4", "checkpoint-6", "adapter_model.safetensors", "metrics.jsonl");
    assertThat(Files.readAllBytes(run.output().resolve("checkpoint-6/adapter_model.safetensors")))
        .isEqualTo(run.weights());
  }

  @Test
  void checkpointsOfTheModelAloneHaveTheRunsTextsAsResultsDoAndCannotBeResumed()
      throws IOException {
    Path file = Files.writeString(folder.resolve("given.jinja"), "{{ messages[0].content }}");
    SftRun run =
        sixSteps("modelonly")
            .with("--save_only_model", "--chat_template_path", file.toString())
            .with("--eos_token", "<|endoftext|>")
            .with("--packed_dir", folder.resolve("texts-packed").toString())
            .run(spark);

    for (Path saved : List.of(run.output(), run.output().resolve("checkpoint-4"))) {
      assertThat(saved.resolve("chat_template.jinja")).hasSameTextualContentAs(file);
      assertThat(saved.resolve("tokenizer_config.json"))
          .content()
          .contains("\"eos_token\": \"<|endoftext|>\"");
    }
    assertThat(LoggedRun.names(run.output().resolve("checkpoint-4")))
        .contains("adapter_model.safetensors", "trainer_state.json")
        .doesNotContain("optimizer.safetensors", "resume_state.json");
    assertDamaged(run.with("--resume_from_checkpoint", "true"), "--save_only_model");
  }

  /** Schedulers always say {@code --resume_from_checkpoint true}. */
  @Test
  void finishedRunThatIsResumedSaysWhatItSaid() throws IOException {
    SftRun run = copyOfFinished("again");
    String state = Files.readString(run.output().resolve("trainer_state.json"));
    String before = lastLine(run);
    assertThat(before).contains("train_runtime").contains("peak_memory_process");

    run.with("--resume_from_checkpoint", "true")
        .with("--inner_moments", "averaged", "--router_aux_loss_coef", "0") // the defaults
        .run(spark);

    assertThat(lastLine(run)).isEqualTo(before);
    assertThat(Files.readString(run.output().resolve("trainer_state.json"))).isEqualTo(state);
  }

  private static String lastLine(SftRun run) throws IOException {
    List<String> lines = Files.readAllLines(run.output().resolve("metrics.jsonl"));
    return lines.get(lines.size() - 1).replaceAll("\"timestamp\":\"[^\"]*\",?", "");
  }

  @Test
  void checkpointOfAnotherRunIsRefusedWithWhatDiffers() throws IOException {
    SftRun run = copyOfFinished("other");

    assertRefused(run, "lora_r = 8", "made with 4", "--lora_r", "8");
    String ranks = "{\"q_proj\":2}";
    assertRefused(
        run, "lora_rank_pattern = " + ranks, "made with unset", "--lora_rank_pattern", ranks);
    assertRefused(run, "lora_dropout = 0.0", "made with 0.1", "--lora_dropout", "0");
    assertRefused(run, "seed = 7", "made with 42", "--seed", "7");
    assertRefused(
        run,
        "per_device_train_batch_size = 2",
        "made with 1",
        "--per_device_train_batch_size",
        "2");
    assertRefused(run, "num_workers = 2", "made with 1", "--num_workers", "2");
    assertRefused(run, "sync = gradients", "made with parameters", "--sync", "gradients");
    assertRefused(run, "max_steps", "after 6 steps, and this run has only 5", "--max_steps", "5");
    assertRefused(
        run,
        "dataset_name = ",
        "packed rows with fingerprint",
        "--dataset_name",
        "src/test/resources/sft/linear_w0/dataset.jsonl",
        "--packed_dir",
        folder.resolve("packed-other").toString());
    Path other = TestModels.copy("qwen3-tiny", folder);
    assertRefused(
        run,
        "model_name_or_path = ",
        "made with a model with fingerprint",
        "--model_name_or_path",
        other.toString(),
        "--packed_dir",
        folder.resolve("packed-qwen").toString());
  }

  private static void assertRefused(SftRun run, String value, String remedy, String... flags)
      throws IOException {
    SftRun changed = run.with(flags).with("--resume_from_checkpoint", "true");
    assertThatThrownBy(() -> changed.run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(value.equals("max_steps") ? "resume_from_checkpoint" : value)
        .hasMessageContaining("checkpoint-6")
        .hasMessageContaining(remedy);
    assertThat(run.names()).as("the folder was given back").doesNotContain(".run.lock");
  }

  @Test
  void lengthAndLearningRateMayChange() throws IOException {
    SftRun longer =
        copyOfFinished("longer")
            .with("--max_steps", "8", "--learning_rate", "1e-4")
            .with("--resume_from_checkpoint", "true")
            .run(spark);

    assertThat(longer.state().get("global_step").asInt()).isEqualTo(8);
    assertThat(longer.names()).contains("checkpoint-4", "checkpoint-6", "checkpoint-8");
  }

  @Test
  void damagedCheckpointSaysWhatIsMissing() throws IOException {
    SftRun run = copyOfFinished("damaged");
    Path checkpoint = run.output().resolve("checkpoint-6");
    Path optimizer = checkpoint.resolve("optimizer.safetensors");
    byte[] bytes = Files.readAllBytes(optimizer);
    SftRun resumed = run.with("--resume_from_checkpoint", "true");

    bytes[bytes.length - 1] ^= 1;
    Files.write(optimizer, bytes);
    assertDamaged(resumed, "its optimizer.safetensors was changed");
    Files.write(optimizer, java.util.Arrays.copyOf(bytes, 100));
    assertDamaged(resumed, "its optimizer.safetensors has 100 bytes instead of " + bytes.length);
    Files.delete(checkpoint.resolve("adapter_model.safetensors"));
    assertDamaged(resumed, "its adapter_model.safetensors is missing");
    Files.writeString(checkpoint.resolve("resume_state.json"), "{\"format_version\":");
    assertDamaged(resumed, "its resume_state.json is damaged");
    Files.delete(checkpoint.resolve("resume_state.json"));
    assertDamaged(resumed, "it lacks resume_state.json");
  }

  private static void assertDamaged(SftRun run, String what) {
    assertThatThrownBy(() -> run.run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("resume_from_checkpoint = ")
        .hasMessageContaining("checkpoint-6")
        .hasMessageContaining(what);
  }

  @Test
  void goingBackBehindALaterCheckpointTakesOverwriting() throws IOException {
    SftRun run = copyOfFinished("back");
    byte[] weights = run.weights();
    String earlier = run.output().resolve("checkpoint-4").toString();

    assertThatThrownBy(() -> run.with("--resume_from_checkpoint", earlier).run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("later checkpoints, of steps [6]");
    SftRun again =
        run.with("--resume_from_checkpoint", earlier, "--overwrite_output_dir").run(spark);

    assertThat(again.weights()).isEqualTo(weights);
    assertThat(again.names()).contains("checkpoint-4", "checkpoint-6");
  }

  @Test
  void resumesIntoAnotherFolder() throws IOException {
    SftRun run = copyOfFinished("source");

    SftRun moved =
        run.into(folder.resolve("moved"))
            .with("--resume_from_checkpoint", run.output().resolve("checkpoint-4").toString())
            .run(spark);

    assertThat(moved.weights()).isEqualTo(run.weights());
    assertThat(moved.metrics()).isEqualTo(run.metrics());
  }

  @Test
  void aCheckpointThatIsNotThereIsRefused() {
    SftRun run = sixSteps("nowhere").with("--resume_from_checkpoint", "/no/checkpoint-1");

    assertThatThrownBy(() -> run.run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("/no/checkpoint-1")
        .hasMessageContaining("no such folder");
  }

  @Test
  void unfinishedRunIsNotReplacedSilently() throws IOException {
    SftRun run = copyOfFinished("unfinished");
    for (String name : run.names()) {
      if (!name.startsWith("checkpoint-")) {
        Files.delete(run.output().resolve(name));
      }
    }

    assertThatThrownBy(() -> run.run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("of steps [4, 6]")
        .hasMessageContaining("--resume_from_checkpoint true");
    Files.writeString(run.output().resolve("checkpoint-4/stale"), "x", StandardCharsets.UTF_8);
    run.with("--overwrite_output_dir").run(spark);
    assertThat(run.output().resolve("checkpoint-4/stale")).doesNotExist();
  }
}
