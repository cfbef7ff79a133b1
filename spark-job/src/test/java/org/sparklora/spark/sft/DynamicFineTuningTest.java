package org.sparklora.spark.sft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklora.spark.cli.CommandRun;
import org.sparklora.spark.cli.SftRun;
import org.sparklora.spark.cli.TinyModelRuns;

/**
 * {@code --loss_type dft} beside a run of TRL 1.16's SFTTrainer with the same rows and settings.
 */
class DynamicFineTuningTest extends TinyModelRuns {
  private static final double[] LOSSES = {
    0.010943, 0.009086, 0.006461, 0.015879, 0.020051, 0.023199
  };
  private static final double[] GRAD_NORMS = {0.03259, 0.02268, 0.05058, 0.07094, 0.14899, 0.16635};

  @Test
  void learnsWhatTrlLearns() throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int i = 1; i <= 24; i++) {
      rows.append(
          "{\"text\": \"%s and %s is %s, and so on and on until %s\"}\n"
              .formatted(i, 3 * i, 4 * i, i));
    }
    Path data = Files.writeString(folder.resolve("rows.jsonl"), rows);
    SftRun run =
        new SftRun(
                folder.resolve("run"),
                CommandRun.words(
                    """
                    --model_name_or_path %s --dataset_name %s --loss_type dft --max_steps 6
                    --per_device_train_batch_size 2 --gradient_accumulation_steps 2
                    --learning_rate 1e-3 --lr_scheduler_type constant --logging_steps 1
                    --max_length 64 --save_strategy no
                    """,
                    model, data))
            .run(spark);

    List<JsonNode> steps = run.log().stream().filter(row -> row.has("loss")).toList();
    assertThat(steps).hasSize(LOSSES.length);
    for (int step = 0; step < LOSSES.length; step++) {
      assertThat(steps.get(step).get("loss").asDouble()).isCloseTo(LOSSES[step], within(1e-6));
      assertThat(steps.get(step).get("grad_norm").asDouble())
          .isCloseTo(GRAD_NORMS[step], within(2e-5));
    }
  }
}
