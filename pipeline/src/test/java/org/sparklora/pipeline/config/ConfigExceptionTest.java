package org.sparklora.pipeline.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ConfigExceptionTest {
  @Test
  void saysKeyValuePlaceAndRemedy() {
    assertThatThrownBy(() -> ConfigException.require(false, Flags.LORA_R, 0, "use at least 1"))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Cannot use lora_r = 0: use at least 1");
    assertThat(new ConfigException(Flags.LORA_R, 0, "use at least 1").in("conf/sft.yaml"))
        .hasMessage("Cannot use lora_r = 0 (conf/sft.yaml): use at least 1");
    ConfigException.require(true, Flags.LORA_R, 1, "use at least 1");
  }
}
