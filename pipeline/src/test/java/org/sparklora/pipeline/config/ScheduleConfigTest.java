package org.sparklora.pipeline.config;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleConfigTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "linear | {\"power\": 2} | power | lr_scheduler_type = linear has no settings",
        "cosine | {\"min_lr\": 1e-5} | min_lr | cosine has the settings num_cycles",
        "cosine | {\"num_cycles\": \"2\"} | num_cycles: 2 | a number of at least 0",
        "cosine | {\"num_cycles\": -1} | num_cycles: -1 | a number of at least 0",
        "cosine | {\"num_cycles\": 1e999} | num_cycles: Infinity | a number of at least 0",
        "cosine | [1] | [1] | a JSON object is expected",
        "cosine | {} {} | {} {} | a JSON object is expected",
        "cosine_with_min_lr | {} | {} | needs either min_lr or min_lr_rate",
        "cosine_with_min_lr | {\"min_lr\": 0, \"min_lr_rate\": 0} | min_lr | either",
        "cosine_with_min_lr | {\"min_lr\": 3e-4} | min_lr | above the learning_rate of 2.0E-4",
        "cosine_with_min_lr | {\"min_lr_rate\": 1.5} | min_lr_rate: 1.5 | from 0 to 1",
        "polynomial | {\"lr_end\": 2e-4} | lr_end | lr_end must be below the learning_rate",
        "inverse_sqrt | {\"timescale\": 0} | timescale: 0 | above 0",
        "warmup_stable_decay | {} | {} | warmup_stable_decay needs num_decay_steps",
        "warmup_stable_decay | {\"num_decay_steps\": 2.5} | num_decay_steps: 2.5 | steps",
        "warmup_stable_decay | {\"num_decay_steps\": 2, \"decay_type\": \"sqrt\"} | sqrt | 1-sqrt"
      })
  void anOptionWithoutMeaningIsRefused(String type, String kwargs, String value, String remedy) {
    ScheduleConfig.Type of = ScheduleConfig.Type.valueOf(type.toUpperCase(Locale.ROOT));
    assertThatThrownBy(
            () -> ScheduleConfig.of(of, 0, FlagType.parseDict("lr_scheduler_kwargs", kwargs), 2e-4))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("lr_scheduler_kwargs = ")
        .hasMessageContaining(value)
        .hasMessageContaining(remedy);
  }
}
