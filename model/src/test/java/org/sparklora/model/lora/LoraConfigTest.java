package org.sparklora.model.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class LoraConfigTest {
  private static final LoraTargets TARGETS = LoraTargets.names(List.of("all-linear"));

  @Test
  void scaleIsAlphaByRankOrByItsRoot() {
    assertThat(new LoraConfig(4, 8, 0, false, TARGETS).scale(4)).isEqualTo(2);
    assertThat(new LoraConfig(4, 8, 0, true, TARGETS).scale(4)).isEqualTo(4);
  }

  @Test
  void refusesImpossibleValuesByFlagAndValue() {
    assertThatThrownBy(() -> new LoraConfig(0, 8, 0, false, TARGETS))
        .hasMessageContaining("lora_r = 0");
    assertThatThrownBy(() -> new LoraConfig(4, 0, 0, false, TARGETS))
        .hasMessageContaining("lora_alpha = 0.0");
    assertThatThrownBy(() -> new LoraConfig(4, Double.NaN, 0, false, TARGETS))
        .hasMessageContaining("lora_alpha = NaN");
    assertThatThrownBy(() -> new LoraConfig(4, 8, 1, false, TARGETS))
        .hasMessageContaining("lora_dropout = 1.0");
  }
}
