package org.sparklora.model.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class LoraConfigTest {
  private static final LoraTargets TARGETS = LoraTargets.allLinear();

  @Test
  void scaleIsAlphaByRankOrByItsRoot() {
    assertThat(LoraConfig.of(4, 8, TARGETS).scale()).isEqualTo(2);
    assertThat(new LoraConfig(4, 8, 0, true, TARGETS).scale()).isEqualTo(4);
  }

  @Test
  void refusesImpossibleValuesByFlagAndValue() {
    assertThatThrownBy(() -> LoraConfig.of(0, 8, TARGETS)).hasMessageContaining("lora_r = 0");
    assertThatThrownBy(() -> LoraConfig.of(4, 0, TARGETS)).hasMessageContaining("lora_alpha = 0.0");
    assertThatThrownBy(() -> LoraConfig.of(4, Double.NaN, TARGETS))
        .hasMessageContaining("lora_alpha = NaN");
    assertThatThrownBy(() -> new LoraConfig(4, 8, 1, false, TARGETS))
        .hasMessageContaining("lora_dropout = 1.0");
  }
}
