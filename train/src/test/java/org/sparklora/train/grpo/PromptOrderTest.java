package org.sparklora.train.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.sparklora.train.RowOrder;

class PromptOrderTest {
  private static final Path GOLDEN = Path.of("src/test/resources/grpo/repeat_sampler.json.gz");

  @Test
  void roundsAreThoseOfTrlsRepeatSampler() throws IOException {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(GOLDEN))) {
      JsonNode cases = new ObjectMapper().readTree(in);
      assertThat(cases).isNotEmpty();
      for (JsonNode sampler : cases) {
        List<Integer> expected = new ArrayList<>();
        sampler.get("indices").forEach(index -> expected.add(index.asInt()));
        assertThat(repeated(sampler)).as("case %s", sampler.get("id")).isEqualTo(expected);
      }
    }
  }

  /** Each round's prompts, each for its completions, for every micro-step that trains on it. */
  private static List<Integer> repeated(JsonNode sampler) {
    PromptOrder order =
        new PromptOrder(
            sampler.get("num_samples").asInt(),
            sampler.get("batch_size").asInt(),
            sampler.get("shuffle").asBoolean() ? RowOrder.RANDOM : RowOrder.SEQUENTIAL,
            sampler.get("seed").asLong());
    List<Integer> indices = new ArrayList<>();
    for (int round = 0; round < order.roundsPerEpoch(); round++) {
      for (int step = 0; step < sampler.get("repeat_count").asInt(); step++) {
        for (int prompt : order.round(round)) {
          for (int g = 0; g < sampler.get("mini_repeat_count").asInt(); g++) {
            indices.add(prompt);
          }
        }
      }
    }
    return indices;
  }

  @Test
  void epochsHaveOrdersOfTheirOwn() {
    PromptOrder order = new PromptOrder(20, 6, RowOrder.RANDOM, 42);
    assertThat(order.roundsPerEpoch()).isEqualTo(3);
    assertThat(order.round(3)).hasSize(6).isNotEqualTo(order.round(0));
  }

  @Test
  void tooFewPromptsAreRefused() {
    assertThatThrownBy(() -> new PromptOrder(3, 4, RowOrder.RANDOM, 42))
        .hasMessageContaining("generation_batch_size = 4 prompts a round: the dataset has 3")
        .hasMessageContaining("unset: --per_device_train_batch_size × --steps_per_generation)");
  }
}
