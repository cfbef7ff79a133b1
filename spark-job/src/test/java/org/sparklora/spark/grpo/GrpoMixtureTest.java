package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.sparklora.model.TinyCheckpoint;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.spark.cli.TinyModelRuns;

/** A policy with experts, whose routers have a loss of their own. */
class GrpoMixtureTest extends TinyModelRuns {
  /** A run that names the weight of the routers' loss. */
  private static GrpoRun whole;

  /** In place of the tiny model, whose tokenizer it has. */
  @BeforeAll
  static void writeAModelWithExpertsAndTrainIt() throws IOException {
    ObjectNode config = TinyCheckpoint.config("qwen3_moe");
    config.put("vocab_size", 512).put("max_position_embeddings", 256).remove("pad_token_id");
    TinyCheckpoint.write(model, config).close();
    whole = run("whole", "--router_aux_loss_coef", "0.001").run(spark);
  }

  private static GrpoRun run(String name, String... more) throws IOException {
    return GrpoRun.tiny(model, folder.resolve(name), "--use_peft", "--lora_r", "2")
        .with("--lora_target_modules", "all-linear", "--lora_dropout", "0", "--max_steps", "4")
        .with("--save_strategy", "steps", "--save_steps", "1")
        .with(more);
  }

  /** The weight of config.json is 0.001 if it names none, as TRL's default is. */
  @Test
  void routersHaveTheirLossUnlessItsWeightIsZero() throws IOException {
    GrpoRun usual = run("usual").run(spark);
    GrpoRun without = run("without", "--router_aux_loss_coef", "0").run(spark);

    assertThat(usual.steps()).hasSize(4).allMatch(step -> step.get("aux_loss").asDouble() > 1);
    assertThat(without.steps()).hasSize(4).noneMatch(step -> step.has("aux_loss"));
    assertThat(whole.weights()).isEqualTo(usual.weights());
    assertThat(without.weights()).isNotEqualTo(usual.weights());
  }

  @Test
  void aRunGoesOnWithinARoundToTheSameBitsAndWithTheSameWeightOnly() throws IOException {
    String checkpoint = whole.output().resolve("checkpoint-1").toString();
    GrpoRun resumed =
        whole.into(folder.resolve("resumed"), "--resume_from_checkpoint", checkpoint).run(spark);

    assertThat(resumed.history()).isEqualTo(whole.history());
    assertThat(resumed.weights()).isEqualTo(whole.weights());
    GrpoRun other = resumed.into(folder.resolve("other"), "--router_aux_loss_coef", "0.2");
    assertThatThrownBy(() -> other.run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("router_aux_loss_coef = 0.2")
        .hasMessageContaining("the checkpoint was made with 0.001");
  }
}
