package org.sparklora.model.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoraConfigTest {
  private static final LoraTargets TARGETS = LoraTargets.names(List.of("all-linear"));

  @Test
  void scaleIsAlphaByRankOrByItsRoot() {
    assertThat(new LoraConfig(4, 8, 0, false, TARGETS).scale("q_proj")).isEqualTo(2);
    assertThat(new LoraConfig(4, 8, 0, true, TARGETS).scale("q_proj")).isEqualTo(4);
  }

  /** PEFT looks for the alpha and for the rank separately. */
  @ParameterizedTest
  @CsvSource({
    "model.layers.0.self_attn.q_proj, 6, 12", // 24 / 4, 24 / √4
    "model.layers.10.self_attn.q_proj, 2, 4", // 8 / 4, 8 / √4
    "model.layers.1.self_attn.v_proj, 1, 4", // 16 / 16, 16 / √16
    "model.layers.1.mlp.down_proj, 3, 6", // 12 / 4, 12 / √4
    "model.layers.1.mlp.up_proj, 4, 8", // 16 / 4, 16 / √4
    "lm_head, 3, 6" // a name without dots
  })
  void aLayersScaleIsThatOfItsOwnAlphaAndRank(String module, double scale, double ofRoot) {
    Map<String, Double> alphas = new LinkedHashMap<>();
    alphas.put("layers\\.0\\..*q_proj", 24.0);
    alphas.put("q_proj", 8.0);
    alphas.put("n_proj", 100.0); // matches down_proj, but not from a dot
    alphas.put("mlp", 100.0); // does not match to the end
    alphas.put("down_proj|lm_head", 12.0);
    LoraConfig.Patterns patterns = new LoraConfig.Patterns(Map.of("v_proj", 16), alphas);
    assertThat(new LoraConfig(4, 16, 0, false, TARGETS, patterns).scale(module)).isEqualTo(scale);
    assertThat(new LoraConfig(4, 16, 0, true, TARGETS, patterns).scale(module)).isEqualTo(ofRoot);
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
    assertThatThrownBy(() -> new LoraConfig.Patterns(Map.of(), Map.of("q_proj", -1.0)))
        .hasMessageContaining("lora_alpha_pattern = q_proj: -1.0");
  }
}
