package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.spark.sft.EvalConfig;
import org.sparklora.spark.sft.SftConfig;
import org.sparklora.spark.sft.SftGoldenTest;

/** Evaluation, checkpoints and the best model beside a run of TRL's with the same settings. */
class EvaluationTest extends TinyModelRuns {
  private static final Path TRL = Path.of("src/test/resources/evaluation");

  /** Of losses, entropies and accuracies, as in {@link SftGoldenTest}. */
  private static final double LOSS = 2e-5;

  private static final double GRAD_NORM_RELATIVE = 1e-4;

  @BeforeAll
  static void sendParameters() {
    TestSpark.shareMemory(false); // as on a cluster
  }

  private static SftRun run(String name, String... more) {
    return SftRun.tiny(model, folder.resolve(name), more)
        .with("--dataset_name", TRL.resolve("data").toString())
        .with("--packed_dir", folder.resolve("packed-eval").toString())
        .with("--eval_strategy", "steps");
  }

  @ParameterizedTest(name = "{0} workers")
  @CsvSource({"1", "2"})
  void givesTrlsLogCheckpointsAndBestModel(String workers) throws IOException {
    SftRun ours =
        run("trl" + workers, "--num_workers", workers, "--sync", "gradients")
            .with("--learning_rate", "1e-3", "--lr_scheduler_type", "constant", "--max_steps", "7")
            .with("--per_device_train_batch_size", "3", "--logging_steps", "2")
            .with("--train_sampling_strategy", "sequential", "--eval_steps", "2")
            .with("--per_device_eval_batch_size", "4", "--eval_on_start", "--save_steps", "2")
            .with("--save_total_limit", "2", "--load_best_model_at_end")
            .with("--metric_for_best_model", "entropy", "--greater_is_better", "false")
            .run(spark);

    JsonNode theirs = new ObjectMapper().readTree(TRL.resolve("trainer_state.json").toFile());
    JsonNode state = ours.state();
    assertThat(names(state))
        .containsAll(names(theirs).stream().filter(n -> !n.equals("checkpoints")).toList());
    for (String exact :
        new String[] {"best_global_step", "eval_steps", "save_steps", "max_steps"}) {
      assertThat(state.get(exact)).as(exact).isEqualTo(theirs.get(exact));
    }
    assertThat(state.get("best_model_checkpoint").asText()).endsWith("/checkpoint-2");
    JsonNode rows = state.get("log_history");
    assertThat(rows).hasSameSizeAs(theirs.get("log_history"));
    for (int i = 0; i < rows.size(); i++) {
      compare(rows.get(i), theirs.get("log_history").get(i));
    }
    List<String> kept = new ArrayList<>();
    theirs.get("checkpoints").forEach(name -> kept.add(name.asText()));
    assertThat(ours.names().stream().filter(name -> name.startsWith("checkpoint-")))
        .containsExactlyElementsOf(kept);
    assertThat(ours.weights())
        .isEqualTo(Files.readAllBytes(ours.output().resolve("checkpoint-2/model.safetensors")));
  }

  private static void compare(JsonNode ours, JsonNode theirs) {
    for (String name : names(theirs)) {
      if (name.endsWith("runtime") || name.endsWith("per_second")) {
        assertThat(ours.get(name).asDouble()).as(name).isPositive();
      } else if (name.equals("total_flos")) {
        assertThat(ours.get(name)).isEqualTo(theirs.get(name));
      } else {
        double expected = theirs.get(name).asDouble();
        double bound = name.equals("grad_norm") ? GRAD_NORM_RELATIVE * expected : LOSS;
        assertThat(ours.get(name).asDouble())
            .as("%s after step %s", name, theirs.get("step"))
            .isCloseTo(expected, within(bound));
      }
    }
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** The best evaluation before the interruption counts after it as well. */
  @Test
  void resumedRunEvaluatesAndChoosesAlike() throws IOException {
    String[] flags = {
      "--eval_steps", "1", "--save_steps", "1", "--max_steps", "4", "--learning_rate", "0.1"
    };
    SftRun whole =
        run("whole", flags)
            .with("--lr_scheduler_type", "constant", "--load_best_model_at_end")
            .with("--metric_for_best_model", "mean_token_accuracy", "--averaging_frequency", "2")
            .with("--num_workers", "2")
            .run(spark);
    SftRun resumed = whole.into(folder.resolve("resumed"));
    for (String name : List.of("checkpoint-1", "checkpoint-2")) {
      SftRun.copy(whole.output().resolve(name), resumed.output().resolve(name));
    }
    resumed.with("--resume_from_checkpoint", "true").run(spark);

    assertThat(resumed.history()).isEqualTo(whole.history());
    assertThat(resumed.metrics()).isEqualTo(whole.metrics());
    assertThat(resumed.weights()).isEqualTo(whole.weights());
    assertThat(resumed.state().get("best_global_step"))
        .isEqualTo(whole.state().get("best_global_step"));
  }

  @Test
  void evaluatesAtTheEndOfEpochs() throws IOException {
    SftRun run =
        run("epochs", "--max_steps", "-1", "--num_train_epochs", "2")
            .with("--per_device_train_batch_size", "4", "--use_peft", "--lora_r", "2")
            .with("--eval_strategy", "epoch", "--save_strategy", "epoch", "--eval_delay", "1.5")
            .run(spark);

    List<Integer> evaluated = new ArrayList<>();
    for (JsonNode row : run.state().get("log_history")) {
      if (row.has("eval_loss")) {
        evaluated.add(row.get("step").asInt());
      }
    }
    assertThat(evaluated).containsExactly(6);
    assertThat(run.names()).contains("checkpoint-3", "checkpoint-6");
  }

  /**
   * The loss falls, so the highest is the first; that of the untrained model is no checkpoint's.
   */
  @Test
  void onlyTheBestIsKeptWhereOneIs() throws IOException {
    SftRun run =
        run("best", "--eval_steps", "1", "--save_steps", "1", "--max_steps", "4")
            .with("--learning_rate", "1e-3", "--eval_on_start")
            .with("--save_total_limit", "1", "--load_best_model_at_end")
            .with("--greater_is_better", "true", "--metric_for_best_model", "eval_loss")
            .run(spark);

    assertThat(run.state().get("best_global_step").asInt()).isEqualTo(1);
    assertThat(run.names().stream().filter(name -> name.startsWith("checkpoint-")))
        .containsExactly("checkpoint-1");
  }

  /** The best checkpoint may lie in another run's folder, or be deleted. */
  @Test
  void aRunWhoseBestCheckpointIsGoneStillEndsWithResults() throws IOException {
    SftRun first =
        run("first", "--eval_steps", "1", "--save_steps", "1", "--max_steps", "4")
            .with("--learning_rate", "1e-3", "--load_best_model_at_end")
            .with("--greater_is_better", "true", "--metric_for_best_model", "eval_loss")
            .run(spark);
    String second = first.output().resolve("checkpoint-2").toString();

    SftRun run =
        first
            .into(folder.resolve("elsewhere"))
            .with("--resume_from_checkpoint", second, "--save_total_limit", "1")
            .run(spark);

    assertThat(run.state().get("best_global_step").asInt()).isEqualTo(1);
    assertThat(run.weights())
        .isEqualTo(Files.readAllBytes(first.output().resolve("checkpoint-4/model.safetensors")));
    assertThat(run.names()).contains("checkpoint-4");
  }

  /** transformers' SaveStrategy.BEST. */
  @Test
  void savesAfterEachEvaluationThatIsTheBestSoFar() throws IOException {
    SftRun run =
        run("best-only", "--eval_steps", "2", "--save_strategy", "best", "--max_steps", "8")
            .with("--learning_rate", "1e-3", "--load_best_model_at_end")
            .with("--metric_for_best_model", "entropy", "--greater_is_better", "false")
            .run(spark);

    List<String> expected = new ArrayList<>();
    double best = Double.POSITIVE_INFINITY;
    for (JsonNode row : run.state().get("log_history")) {
      double entropy = row.path("eval_entropy").asDouble(Double.POSITIVE_INFINITY);
      if (entropy < best) {
        best = entropy;
        expected.add("checkpoint-" + row.get("step").asInt());
      }
    }
    assertThat(expected).isNotEmpty();
    assertThat(run.names().stream().filter(name -> name.startsWith("checkpoint-")))
        .containsExactlyElementsOf(expected);
    Path last = run.output().resolve(expected.get(expected.size() - 1));
    assertThat(run.weights()).isEqualTo(Files.readAllBytes(last.resolve("model.safetensors")));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          best of nothing evaluated | save_strategy = best | --save_strategy best --eval_strategy no
          best of what is not saved | save_strategy | --load_best_model_at_end --save_strategy epoch
          not a multiple | save_steps = 3.0 | --load_best_model_at_end --eval_steps 2 --save_steps 3
          nothing evaluated | eval_strategy | --eval_strategy no --load_best_model_at_end
          half a step | eval_steps = 1.5 | --eval_steps 1.5
          unknown metric | eval_accuracy | --metric_for_best_model accuracy --eval_steps 1
          no experts | router_aux_loss_coef | --metric_for_best_model aux_loss
          one file | dataset_test_split = test | --dataset_name src/test/resources/evaluation/data/train.jsonl
          no such split | dataset_test_split = validation | --dataset_test_split validation
          """)
  void settingsThatContradictEachOtherAreRefused(String why, String named, String flags) {
    assertThatThrownBy(() -> run("refused").with(flags.split(" ")).run(spark))
        .as(why)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(named);
    assertThat(folder.resolve("refused")).doesNotExist();
  }

  /** A mixture of experts measures it; the model decides. */
  @Test
  void theRoutersLossMayDecide() {
    List<String> flags =
        CommandRun.words(
            """
            --model_name_or_path %s --dataset_name a/b --output_dir out --eval_strategy steps
            --metric_for_best_model aux_loss
            """,
            model);
    assertThat(SftConfig.of(CommandLine.parse("sft", flags).settings()).evaluation().best())
        .contains(new EvalConfig.Best("eval_aux_loss", false, false));
  }
}
