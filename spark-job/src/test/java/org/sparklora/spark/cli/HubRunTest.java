package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.hub.loopback.LoopbackEnvironment;
import org.sparklora.hub.loopback.LoopbackFaults.Kind;
import org.sparklora.hub.loopback.LoopbackRepo;
import org.sparklora.train.TestModels;

/** Runs by names of the hub, whose results go there. */
class HubRunTest {
  private static final String MODEL = "Qwen/Qwen2.5-3B-Instruct";
  private static final String DATASET = "open-thoughts/OpenThoughts-114k";

  @TempDir private Path folder;
  private LoopbackEnvironment environment;
  @RegisterExtension private final Captured out = Captured.out();
  @RegisterExtension private final Captured err = Captured.err();

  @BeforeEach
  void start() throws IOException {
    environment = LoopbackEnvironment.start(folder);
    LoopbackRepo model = environment.hub().model(MODEL);
    try (Stream<Path> files = Files.list(TestModels.copy("llama-tiny", folder))) {
      for (Path file : files.toList()) {
        model.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    environment
        .hub()
        .dataset(DATASET)
        .put(
            "README.md",
            "---\nconfigs:\n- config_name: default\n  data_files: [{split: train, path: data/train-*}]\n---\n")
        .put(
            "data/train-00000-of-00001.jsonl",
            Files.readAllBytes(Path.of("src/test/resources/sft/linear_w0/dataset.jsonl")));
  }

  @AfterEach
  void stop() {
    environment.close();
  }

  private int sft(String... more) {
    return CommandRun.of(
        CommandRun.words(
            """
            sft --model_name_or_path %s --dataset_name %s --output_dir %s --master local[2]
            --max_steps 4 --per_device_train_batch_size 2 --logging_steps 1 --use_peft --lora_r 4
            """,
            MODEL, DATASET, output()),
        more);
  }

  private int push(String... more) {
    String push = "push --input file:%s --hub_model_id ada/tiny-lora";
    return CommandRun.of(CommandRun.words(push, output()), more);
  }

  private Path output() {
    return folder.resolve("tiny-lora");
  }

  private LoopbackRepo pushed() {
    return environment.hub().find("models", "ada/tiny-lora").orElseThrow();
  }

  private void assertNobodyIsToldTheToken() throws IOException {
    assertThat(err.text()).doesNotContain(LoopbackEnvironment.TOKEN);
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (!file.endsWith("token")) {
          assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
              .as(file.toString())
              .doesNotContain(LoopbackEnvironment.TOKEN);
        }
      }
    }
  }

  @Test
  void checkReadsHeadersAndSaysHowMuchARunWouldDownload() throws IOException {
    LoopbackRepo model = environment.hub().find("models", MODEL).orElseThrow();
    long weights = model.file("model.safetensors").length;
    assertThat(Main.run("check", "--model_name_or_path", MODEL, "--use_peft", "--lora_r", "4"))
        .as(err.text())
        .isZero();
    assertThat(out.text())
        .contains("LoRA of rank 4 on Qwen2.5-3B-Instruct")
        .contains("Files: " + MODEL + " has ");
    assertThat(environment.hub().faults().requests())
        .filteredOn(request -> request.server().equals("storage"))
        .singleElement()
        .satisfies(
            request ->
                assertThat(request.range())
                    .isEqualTo("bytes=0-" + (Math.min(weights, 100_000) - 1)));
    try (Stream<Path> files = Files.walk(environment.cache())) {
      assertThat(files).noneMatch(file -> file.endsWith("model.safetensors"));
    }
  }

  @Test
  void aRunByNamesEndsOnTheHub() throws IOException {
    assertThat(sft("--push_to_hub", "--save_steps", "2", "--hub_private_repo"))
        .as(err.text())
        .isZero();

    LoopbackRepo repo = pushed();
    assertThat(repo.messages())
        .containsExactly(
            "initial commit",
            "Training in progress, step 2",
            "Training in progress, step 4",
            "End of training");
    assertThat(repo.isHidden()).isTrue();
    assertThat(repo.paths())
        .contains(
            "README.md",
            "adapter_config.json",
            "adapter_model.safetensors",
            "loss.png",
            "metrics.jsonl",
            "sft_config.yaml",
            "tokenizer.json",
            "trainer_state.json")
        .noneMatch(path -> path.contains("checkpoint") || path.contains("optimizer"))
        .noneMatch(path -> path.contains("resume_state"));
    assertThat(repo.file("adapter_model.safetensors"))
        .isEqualTo(Files.readAllBytes(output().resolve("adapter_model.safetensors")));
    assertThat(new String(repo.file("README.md"), StandardCharsets.UTF_8))
        .startsWith("---\nbase_model: " + MODEL + "\ndatasets:\n- " + DATASET + "\n")
        .contains("- base_model:adapter:" + MODEL, "- lora\n", "- peft\n", "- sft\n")
        .contains("(loss.png)");
    assertThat(new String(repo.file("adapter_config.json"), StandardCharsets.UTF_8))
        .contains("\"base_model_name_or_path\": \"" + MODEL + "\"");
    assertNobodyIsToldTheToken();
  }

  @Test
  void aRunOfGrpoKeepsItsRoundsToItself() throws IOException {
    environment
        .hub()
        .dataset("HuggingFaceH4/problems")
        .put("train.jsonl", "{\"problem\": \"3+4?\", \"solution\": \"7\"}\n".repeat(4));
    int code =
        CommandRun.line(
            """
            grpo --model_name_or_path %s --dataset_name HuggingFaceH4/problems --output_dir %s
            --master local[2] --max_completion_length 4 --num_generations 2
            --per_device_train_batch_size 2 --gradient_accumulation_steps 1 --max_steps 2
            --save_steps 1 --logging_steps 1 --use_peft --lora_r 4 --push_to_hub
            """,
            MODEL, output());
    assertThat(code).as(err.text()).isZero();

    assertThat(output().resolve("rounds")).isNotEmptyDirectory();
    assertThat(pushed().messages())
        .containsExactly(
            "initial commit",
            "Training in progress, step 1",
            "Training in progress, step 2",
            "End of training");
    assertThat(pushed().paths())
        .contains("adapter_model.safetensors", "reward.png", "grpo_config.yaml")
        .noneMatch(path -> path.startsWith("rounds") || path.startsWith("checkpoint"))
        .noneMatch(path -> path.contains("optimizer") || path.contains("resume_state"));
    assertThat(new String(pushed().file("README.md"), StandardCharsets.UTF_8))
        .contains("- grpo\n", "- HuggingFaceH4/problems\n");
    assertNobodyIsToldTheToken();
  }

  /** With a log row each ten steps the run ends before the first, and has no curve. */
  @Test
  void theEndAloneIsPushedWhereThatIsWantedAndItsCardShowsNoPictureThatIsNotThere()
      throws IOException {
    String flags = "--push_to_hub --save_steps 2 --hub_strategy end --logging_steps 10";
    assertThat(sft(flags.split(" "))).as(err.text()).isZero();
    assertThat(pushed().messages()).containsExactly("initial commit", "End of training");
    assertThat(pushed().paths()).contains("README.md").doesNotContain("loss.png");
    assertThat(new String(pushed().file("README.md"), StandardCharsets.UTF_8))
        .contains(
            "The loss of each step is in `trainer_state.json`, all settings in `sft_config.yaml`.")
        .doesNotContain("loss.png");
    assertThat(output().resolve("checkpoint-2/README.md")).content().doesNotContain("loss.png");
    // training goes on from it
    assertThat(sft("--adapter_name_or_path", "ada/tiny-lora", "--overwrite_output_dir"))
        .as(err.text())
        .isZero();
  }

  @Test
  void aRunMayEndOnABranchOfItsOwn() {
    assertThat(sft("--push_to_hub", "--hub_revision", "runs/one", "--save_steps", "2"))
        .as(err.text())
        .isZero();
    assertThat(pushed().paths(pushed().head("runs/one").orElseThrow()))
        .contains("README.md", "adapter_model.safetensors");
    assertThat(pushed().paths()).isEmpty();

    assertThat(push("--hub_revision", "later")).as(err.text()).isZero();
    assertThat(pushed().head("later")).isPresent();
    String more = "--adapter_name_or_path ada/tiny-lora@runs/one --output_dir " + folder + "/more";
    assertThat(sft(more.split(" "))).as(err.text()).isZero();
  }

  @Test
  void aRunThatHasNotEndedIsNotPushed() throws IOException {
    Path run = Files.createDirectories(folder.resolve("unfinished"));
    Files.writeString(run.resolve("metrics.jsonl"), "{\"step\":1}\n");
    Files.writeString(
        Files.createDirectory(run.resolve("checkpoint-1")).resolve("adapter_config.json"), "{}");
    String[] push = {"push", "--input", run.toString(), "--hub_model_id", "ada/tiny-lora"};
    assertThat(Main.run(push)).isEqualTo(2);
    assertThat(err.text()).contains("it has no adapter and no model");
    assertThat(pushed().messages()).containsExactly("initial commit");
  }

  @Test
  void aFailedPushLosesNothingAndSaysWhatToRun() throws IOException {
    environment.hub().faults().add(Kind.STATUS, "POST .*/commit/", 400, 100);
    assertThat(sft("--push_to_hub", "--save_steps", "2")).isEqualTo(1);

    assertThat(err.text())
        .contains("The results are whole in")
        .contains("bin/spark-lora push --input file:" + output() + " --hub_model_id ada/tiny-lora");
    assertThat(output().resolve("adapter_model.safetensors")).exists();
    assertThat(pushed().messages()).containsExactly("initial commit");

    environment.hub().faults().clear();
    assertThat(push()).as(err.text()).isZero();
    assertThat(pushed().messages()).containsExactly("initial commit", "End of training");
    assertThat(pushed().paths()).noneMatch(path -> path.contains("checkpoint"));
    assertNobodyIsToldTheToken();
  }

  @Test
  void aWrongTokenShowsBeforeAnythingIsPrepared() {
    assertThat(sft("--push_to_hub", "--hub_token", "hf_wrong0000000000000000")).isEqualTo(1);
    assertThat(err.text()).contains("does not know it").doesNotContain("hf_wrong0000000000000000");
    assertThat(output()).doesNotExist();
    assertThat(folder.resolve("tiny-lora.packed")).doesNotExist();
  }

  @Test
  void aWrongNameShowsAtOnce() {
    assertThat(sft("--push_to_hub", "--hub_model_id", "a/b/c")).isEqualTo(2);
    assertThat(err.text()).contains("hub_model_id = a/b/c");
    assertThat(sft("--push_to_hub", "--hub_strategy", "checkpoint")).isEqualTo(2);
    assertThat(err.text()).contains("use end or every_save");
  }

  @Test
  void gatedModelsSayWhatToDo() {
    environment.hub().find("models", MODEL).orElseThrow().gated();
    assertThat(sft()).isEqualTo(1);
    assertThat(err.text())
        .contains("Cannot download")
        .contains("it is gated")
        .contains(environment.hub().endpoint() + "/" + MODEL);
  }
}
