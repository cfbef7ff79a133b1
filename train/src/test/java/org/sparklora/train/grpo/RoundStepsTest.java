package org.sparklora.train.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;

class RoundStepsTest {
  private static RoundSteps of(String flags) {
    return RoundSteps.of(CommandLine.parse("grpo", List.of(flags.split(" "))).settings());
  }

  @Test
  void aRoundThatCannotBeCountedIsRefused() {
    String half = " --steps_per_generation 65536";
    assertThat(of("--per_device_train_batch_size 32767" + half).generationSize())
        .isEqualTo(2147418112);
    assertThatThrownBy(() -> of("--per_device_train_batch_size 65536" + half))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("per_device_train_batch_size = 65536")
        .hasMessageContaining("4294967296 completions, and may have 2147483647");
    assertThat(of("--num_iterations 32767" + half).microSteps()).isEqualTo(2147418112);
    assertThatThrownBy(() -> of("--num_iterations 65536" + half))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("num_iterations = 65536")
        .hasMessageContaining("then takes 4294967296");
  }
}
