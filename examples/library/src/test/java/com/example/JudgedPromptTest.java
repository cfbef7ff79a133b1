package com.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.hub.HubConfig;
import org.sparklora.hub.loopback.LoopbackHub;
import org.sparklora.hub.loopback.LoopbackRepo;

class JudgedPromptTest {
  @TempDir private Path folder;

  @Test
  void takesATokenizerFromTheHubAndJudgesTheGroup() throws IOException {
    try (LoopbackHub hub = LoopbackHub.start()) {
      LoopbackRepo repo = hub.model("ada/tiny");
      for (String file : List.of("config.json", "tokenizer.json", "tokenizer_config.json")) {
        repo.put(file, resource("/tiny/" + file));
      }
      HubConfig config =
          new HubConfig(
              URI.create(hub.endpoint()),
              folder,
              Optional.empty(),
              false,
              true,
              Duration.ofSeconds(10));

      Path tokenizer = JudgedPrompt.tokenizerOf(config, "ada/tiny");
      JudgedPrompt judged =
          JudgedPrompt.of(
              tokenizer,
              "What is 1/4 + 1/4?",
              "\\frac{1}{2}",
              List.of("It is $\\boxed{0.5}$.", "It is $\\boxed{2}$."));

      assertThat(tokenizer.resolve("config.json")).as("not asked for").doesNotExist();
      assertThat(judged.prompt())
          .isEqualTo(
              "<|im_start|>user\nWhat is 1/4 + 1/4?<|im_end|>\n<|im_start|>assistant\n");
      assertThat(judged.tokens()).isPositive().isLessThan(judged.prompt().length());
      assertThat(judged.rewards()).containsExactly(1, 0);
      // ±0.5 over the deviation of (1, 0), which is 0.70711, and GRPO's 0.0001
      assertThat(judged.advantages()[0]).isCloseTo(0.70701, within(1e-5));
      assertThat(judged.advantages()[1]).isCloseTo(-0.70701, within(1e-5));
    }
  }

  @Test
  void isWithoutSpark() {
    assertThatThrownBy(() -> Class.forName("org.apache.spark.sql.SparkSession"))
        .isInstanceOf(ClassNotFoundException.class);
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream stream = JudgedPromptTest.class.getResourceAsStream(name)) {
      return stream.readAllBytes();
    }
  }
}
