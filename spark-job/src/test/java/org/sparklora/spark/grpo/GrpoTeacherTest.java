package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.spark.cli.TinyModelRuns;
import org.sparklora.train.TestModels;

/** Students that learn from a teacher's log-probabilities of their own completions. */
class GrpoTeacherTest extends TinyModelRuns {
  private static Path teacher;

  /** The teacher is the student after some steps of full fine-tuning on rewards. */
  @BeforeAll
  static void trainTheTeacher() throws IOException {
    teacher = folder.resolve("teacher");
    GrpoRun.tiny(model, teacher).run(spark);
  }

  private static GrpoRun taught(String name, Path by, String... more) throws IOException {
    return GrpoRun.tiny(model, folder.resolve(name), more)
        .with("--teacher_model_name_or_path", by.toString());
  }

  @Test
  void theStudentComesNearer() throws IOException {
    GrpoRun run =
        taught("nearer", teacher, "--max_steps", "40", "--learning_rate", "3e-3").run(spark);

    List<JsonNode> steps = run.steps();
    double first = steps.get(0).get("kl").asDouble();
    double last = steps.subList(34, 40).stream().mapToDouble(s -> s.get("kl").asDouble()).sum() / 6;
    assertThat(first).isPositive();
    assertThat(last).isLessThan(first / 2);
    assertThat(steps).filteredOn(step -> step.has("reward")).isNotEmpty(); // logged all the same
  }

  @Test
  void aStudentThatIsItsTeacherLearnsNothing() throws IOException {
    GrpoRun run = taught("same", model, "--use_peft").run(spark);

    assertThat(run.steps()).allMatch(step -> step.get("kl").asDouble() == 0);
    assertThat(run.steps()).allMatch(step -> step.get("grad_norm").asDouble() == 0);
  }

  /** A teacher judges tokens, which takes no solutions. */
  @Test
  void solutionsAreNotNeeded() throws IOException {
    GrpoRun run = taught("unsolved", teacher, "--use_peft", "--max_steps", "2");
    Path prompts = folder.resolve("unsolved.jsonl");
    Files.writeString(prompts, "{\"prompt\": \"1 and 2 is\"}\n".repeat(6));
    run.with("--dataset_name", prompts.toString())
        .with("--prompts_dir", folder.resolve("unsolved.prompts").toString())
        .with("--reward_funcs", "accuracy_reward")
        .run(spark);

    assertThat(run.output().resolve("adapter_model.safetensors")).exists();
  }

  @ParameterizedTest
  @CsvSource({
    "--beta 0, beta = 0.0",
    "--no_use_bias_correction_kl, use_bias_correction_kl = false",
    "--dynamic_sampling, dynamic_sampling = true",
    "--importance_sampling_level sequence, importance_sampling_level = sequence"
  })
  void settingsThatATeacherDoesNotGoWithAreRefused(String flags, String setting)
      throws IOException {
    GrpoRun run = taught("refused", teacher, flags.split(" "));

    assertThatThrownBy(() -> run.run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(setting)
        .hasMessageContaining("leave it out");
    assertThat(run.output()).doesNotExist();
  }

  @Test
  void aTeacherOfOtherTokensIsRefused() throws IOException {
    Path other = TestModels.copy("llama-tiny", folder.resolve("other"));
    Path tokenizer = other.resolve("tokenizer.json");
    ObjectMapper json = new ObjectMapper();
    JsonNode root = json.readTree(tokenizer.toFile());
    ObjectNode ids = (ObjectNode) root.at("/model/vocab");
    JsonNode a = ids.get("a");
    ids.set("a", ids.get("b"));
    ids.set("b", a);
    json.writeValue(tokenizer.toFile(), root);

    GrpoRun run = taught("other-tokens", other);
    assertThatThrownBy(() -> run.run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("teacher_model_name_or_path = " + other)
        .hasMessageContaining("its tokens are not those of");
    assertThat(run.output()).doesNotExist();
  }

  @Test
  void aRunGoesOnWithTheSameTeacherOnly() throws IOException {
    GrpoRun run =
        taught("first", teacher, "--use_peft", "--max_steps", "2")
            .with("--save_strategy", "steps", "--save_steps", "1")
            .run(spark);
    String checkpoint = run.output().resolve("checkpoint-1").toString();

    GrpoRun again = taught("again", teacher, "--use_peft", "--max_steps", "2");
    again.with("--resume_from_checkpoint", checkpoint).run(spark);
    assertThat(again.weights()).isEqualTo(run.weights());

    GrpoRun other = taught("by-another", model, "--use_peft", "--max_steps", "2");
    assertThatThrownBy(() -> other.with("--resume_from_checkpoint", checkpoint).run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("teacher_model_name_or_path");
  }
}
