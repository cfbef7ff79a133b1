package org.sparklora.train.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;

class RoundExecutorsTest {
  private static RoundExecutors of(String flags) {
    return RoundExecutors.of(CommandLine.parse("grpo", List.of(flags.split(" "))).settings());
  }

  @Test
  void executorsThatOnlyDrawAreRefusedWithServers() {
    String two = "--max_staleness 1 --num_generators 2";
    assertThat(of(two).drawers()).isEqualTo(Optional.of(2));
    assertThat(of("--max_staleness 1 --use_vllm").drawers()).isEmpty();
    assertThatThrownBy(() -> of(two + " --use_vllm"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("num_generators = 2")
        .hasMessageContaining("servers draw; leave it out");
  }
}
