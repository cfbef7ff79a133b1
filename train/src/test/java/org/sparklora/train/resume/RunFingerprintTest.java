package org.sparklora.train.resume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;

class RunFingerprintTest {
  private static RunFingerprint fixed(Map<String, String> settings) {
    return new RunFingerprint(settings, Map.of());
  }

  @ParameterizedTest
  @CsvSource({
    "adapter_name_or_path, no adapter",
    "inner_moments, kept",
    "lora_rank_per_expert, 16",
    "num_workers, 3 that train",
    "router_aux_loss_coef, 0.001"
  })
  void checkpointsThatDoNotNameADefaultMayBeResumed(String name, String value) {
    RunFingerprint run = fixed(Map.of(name, value));
    assertThat(run.requireSame(fixed(Map.of()), "checkpoint-1")).isEmpty();
    assertThat(run.requireSame(fixed(Map.of(name, "unset")), "checkpoint-1")).isEmpty();
    assertThatThrownBy(() -> run.requireSame(fixed(Map.of(name, "another")), "checkpoint-1"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(name + " = " + value)
        .hasMessageContaining("the checkpoint was made with another");
  }

  @Test
  void checkpointsThatNameNoOuterOptimizerAreOfPlainAverages() {
    RunFingerprint none = fixed(Map.of());
    assertThat(fixed(Map.of("outer_optimizer", "average")).requireSame(none, "checkpoint-1"))
        .isEmpty();
    RunFingerprint nesterov = fixed(Map.of("outer_optimizer", "nesterov"));
    assertThatThrownBy(() -> nesterov.requireSame(none, "checkpoint-1"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("outer_optimizer = nesterov (checkpoint-1)")
        .hasMessageContaining("made with average");
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora_alpha_pattern", "lora_rank_pattern"})
  void checkpointsThatNameNoPatternHaveNone(String flag) {
    RunFingerprint none = fixed(Map.of());
    assertThat(fixed(Map.of(flag, "unset")).requireSame(none, "checkpoint-1")).isEmpty();
    RunFingerprint other = fixed(Map.of(flag, "{q_proj=64}"));
    assertThatThrownBy(() -> other.requireSame(none, "checkpoint-1"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(flag + " = {q_proj=64} (checkpoint-1)")
        .hasMessageContaining("made with unset");
  }

  @Test
  void otherSettingsMustBeNamed() {
    String teacher = "teacher_model_name_or_path";
    RunFingerprint run = fixed(Map.of(teacher, "a"));
    assertThatThrownBy(() -> run.requireSame(fixed(Map.of()), "checkpoint-1"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("made with unset");
    assertThatThrownBy(() -> run.requireSame(fixed(Map.of(teacher, "unset")), "checkpoint-1"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("made with unset");
  }
}
