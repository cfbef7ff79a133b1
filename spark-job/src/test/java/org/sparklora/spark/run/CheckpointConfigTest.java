package org.sparklora.spark.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.train.Cadence;

class CheckpointConfigTest {
  private static CheckpointConfig saving(String steps) {
    return CheckpointConfig.of(CommandLine.parse("sft", List.of("--save_steps", steps)).settings());
  }

  @Test
  void noStepsSaveAfterTheLastStepAlone() {
    assertThat(saving("0").cadence(10)).isEqualTo(new Cadence(Cadence.Unit.STEPS, 0, 0));
    assertThatThrownBy(() -> saving("-1"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("save_steps = -1.0");
  }
}
