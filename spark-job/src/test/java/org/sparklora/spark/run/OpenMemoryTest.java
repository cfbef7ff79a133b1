package org.sparklora.spark.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.spark.cli.Main;
import org.sparklora.spark.cli.SftRun;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.train.TestModels;
import org.sparklora.train.vector.FlatVector;

/**
 * What a command allocated outside the Java heap is freed when it ends, however it ends, and not by
 * the garbage collector.
 */
class OpenMemoryTest {
  private static final int TRAININGS = 6;

  @TempDir private Path folder;
  private Path model;
  private long before;
  private int abandonedBefore;

  @BeforeEach
  void prepare() throws IOException {
    model = TestModels.copy("llama-tiny", folder);
    Engines.close();
    before = NativeMemory.liveBytes();
    abandonedBefore = FlatVector.abandoned();
  }

  /** Whatever a test has run, nothing of it is left. */
  @AfterEach
  void nothingIsLeft() {
    Engines.close();
    System.gc(); // shows what nobody closed
    assertThat(NativeMemory.liveBytes() - before).isZero();
    assertThat(FlatVector.abandoned() - abandonedBefore).isZero();
  }

  private SftRun training(String name, String... more) {
    return SftRun.tiny(model, folder.resolve(name), "--max_steps", "2").with(more);
  }

  @Test
  void isFreedAfterEachOfManyTrainings() throws IOException {
    try (SparkSession spark = TestSpark.open(1)) {
      for (int run = 0; run < TRAININGS; run++) {
        training("run-" + run, "--use_peft", "--seed", "" + run).run(spark);
        nothingIsLeft();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--use_peft",
        "--use_peft --num_workers 2",
        "--use_peft --num_workers 2 --sync gradients",
        "--use_peft --num_workers 2 --averaging_frequency 2",
        "--use_peft --gradient_checkpointing --dtype bfloat16",
        "--num_workers 2 --sync gradients",
        "--save_strategy steps --save_steps 1"
      })
  void isFreedAfterATraining(String flags) throws IOException {
    try (SparkSession spark = TestSpark.open(2)) {
      for (boolean shared : new boolean[] {true, false}) {
        TestSpark.shareMemory(shared);
        training("shared-" + shared, flags.split(" ")).run(spark);
      }
    }
  }

  @Test
  void isFreedAfterATrainingThatEvaluatesAndResumes() throws IOException {
    try (SparkSession spark = TestSpark.open(2)) {
      for (boolean shared : new boolean[] {true, false}) {
        TestSpark.shareMemory(shared);
        SftRun run =
            training("shared-" + shared, "--use_peft", "--num_workers", "2")
                .with("--dataset_name", "src/test/resources/evaluation/data")
                .with("--packed_dir", folder.resolve("packed-" + shared).toString())
                .with("--eval_strategy", "steps", "--eval_steps", "1")
                .with("--save_strategy", "steps", "--save_steps", "1");
        run.with("--load_best_model_at_end").run(spark);
        run.into(folder.resolve("resumed-" + shared))
            .with("--max_steps", "3")
            .with("--resume_from_checkpoint", run.output().resolve("checkpoint-2").toString())
            .run(spark);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "false"})
  void isFreedAfterReinforcement(String shared) throws IOException {
    Path dataset = Files.createDirectories(folder.resolve("problems"));
    for (String split : List.of("train", "test")) {
      String rows = "{\"prompt\": \"1 and 2\"}\n".repeat(8);
      Files.writeString(dataset.resolve(split + ".jsonl"), rows);
    }
    System.setProperty("spark.sparklora.sharedMemory", shared);
    try {
      succeeds(
          "grpo",
          "--dataset_name " + dataset,
          "--output_dir " + folder.resolve("run"),
          "--reward_funcs org.sparklora.spark.grpo.GrpoRun$Variety --use_peft --beta 0.1",
          "--max_completion_length 8 --num_generations 4 --per_device_train_batch_size 4",
          "--gradient_accumulation_steps 2 --max_steps 2 --num_workers 2 --top_p 0.9",
          "--eval_strategy steps --eval_steps 1 --dataset_test_split test");
    } finally {
      System.clearProperty("spark.sparklora.sharedMemory");
    }
  }

  @Test
  void isFreedAfterCommandsThatRead() throws IOException {
    String rows =
        Files.writeString(
                folder.resolve("rows.jsonl"),
                "{\"text\": \"one\", \"prompt\": \"two\", \"solution\": \"2\"}\n".repeat(4))
            .toString();
    String adapter =
        "--adapter " + Path.of("../model/src/test/resources/golden/adapters/llama-tiny");
    for (String dtype : List.of("float32", "bfloat16")) {
      String out = folder.resolve(dtype).toString();
      succeeds("score", "--input " + rows, "--output " + out + ".score", adapter);
      String generate = "--max_completion_length 4 --top_k 5 --repetition_penalty 1.1 --dtype ";
      succeeds(
          "generate", "--input " + rows, "--output " + out + ".jsonl", adapter, generate + dtype);
      succeeds("generate", "--input " + rows, "--output " + out, adapter, generate + dtype);
      succeeds(
          "eval",
          "--task math --dataset_test_split train --dataset_name " + rows,
          "--output_dir " + out + ".eval --max_completion_length 4");
      succeeds("merge", "--output_dir " + out + ".merged", adapter);
    }
  }

  private void succeeds(String command, String... flags) {
    List<String> arguments =
        new ArrayList<>(List.of(command, "--model_name_or_path", model.toString()));
    for (String some : flags) {
      arguments.addAll(List.of(some.split(" ")));
    }
    assertThat(Main.run(arguments.toArray(String[]::new))).as(command).isZero();
  }

  @Test
  void isFreedAfterATrainingThatDiverges() {
    try (SparkSession spark = TestSpark.open(2)) {
      for (String sync : List.of("parameters", "gradients")) {
        SftRun run =
            training("run-" + sync, "--use_peft", "--learning_rate", "1e38", "--sync", sync)
                .with("--num_workers", "2", "--max_steps", "10");
        assertThatThrownBy(() -> run.run(spark)).hasStackTraceContaining("NonFiniteLoss");
      }
    }
  }

  @Test
  void isFreedAfterATrainingThatIsInterrupted() throws Exception {
    for (String sync : List.of("parameters", "gradients")) {
      try (SparkSession spark = TestSpark.open(2)) {
        SftRun run =
            training("run-" + sync, "--use_peft", "--sync", sync)
                .with("--num_workers", "2", "--max_steps", "100000", "--num_train_epochs", "1");
        AtomicReference<Thread> thread = new AtomicReference<>();
        CompletableFuture<Void> training =
            CompletableFuture.runAsync(
                () -> {
                  thread.set(Thread.currentThread());
                  try {
                    run.run(spark);
                  } catch (IOException e) {
                    throw new IllegalStateException(e);
                  }
                });
        while (!training.isDone() && !hasMetrics(run.output())) {
          Thread.sleep(20);
        }
        while (!training.isDone()) {
          spark.sparkContext().cancelAllJobs(); // of preparing; training is in this process
          thread.get().interrupt();
          Thread.sleep(20);
        }
        assertThatThrownBy(training::get).isInstanceOf(ExecutionException.class);
      }
    }
  }

  private static boolean hasMetrics(Path output) throws IOException {
    try (Stream<Path> files = Files.walk(output.getParent())) {
      return files
          .filter(file -> file.toString().startsWith(output.toString()))
          .filter(file -> file.endsWith("metrics.jsonl"))
          .anyMatch(file -> file.toFile().length() > 0);
    }
  }
}
