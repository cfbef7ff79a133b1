package org.sparklora.spark.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.pipeline.config.ConfigException;

class ModelConfigTest {

  @Test
  void whatARecordRefusesIsASettingThatCannotBeUsed() {
    assertThatThrownBy(
            () ->
                ModelConfig.checked(
                    () ->
                        new LoraConfig(0, 32, 0, false, LoraTargets.names(List.of("all-linear")))))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e -> {
              assertThat(e.key()).isEqualTo("lora_r");
              assertThat(e.value()).isEqualTo("0");
              assertThat(e.remedy()).startsWith("a LoRA rank must be at least 1");
            });
  }

  @Test
  void otherFailuresStayWhatTheyAre() {
    IllegalArgumentException other = new IllegalArgumentException("Cannot use a = b: by chance");
    assertThatThrownBy(
            () ->
                ModelConfig.checked(
                    () -> {
                      throw other;
                    }))
        .isSameAs(other);
  }
}
