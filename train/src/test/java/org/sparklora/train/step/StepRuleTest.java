package org.sparklora.train.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.engine.AdamW;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.train.NonFiniteLossException;

class StepRuleTest {
  private static final double RELATIVE = 1e-12;

  @ParameterizedTest
  @ValueSource(strings = {"lr_schedules", "lr_schedules_with_kwargs"})
  void givesTransformersRatesAtEveryStep(String file) throws IOException {
    JsonNode cases =
        new ObjectMapper().readTree(getClass().getResourceAsStream("/sft/" + file + ".json"));
    for (JsonNode expected : cases) {
      StepRule rule =
          rule(
              expected.get("peak_lr").asDouble(),
              1,
              ScheduleConfig.of(
                  ScheduleConfig.Type.valueOf(
                      expected.get("scheduler").asText().toUpperCase(Locale.ROOT)),
                  expected.get("warmup_steps").asDouble(),
                  kwargs(expected),
                  expected.get("peak_lr").asDouble()),
              expected.get("total_steps").asInt());
      JsonNode rates = expected.get("lr_for_step_1_to_total_plus_2");
      for (int step = 0; step < rates.size(); step++) {
        double rate = rates.get(step).asDouble();
        assertThat(rule.learningRate(step))
            .as("case %s, step %d", expected.get("id"), step + 1)
            .isCloseTo(rate, within(RELATIVE * rate));
      }
    }
  }

  private static Map<String, Object> kwargs(JsonNode expected) {
    return expected.has("kwargs")
        ? new ObjectMapper().convertValue(expected.get("kwargs"), new TypeReference<>() {})
        : Map.of();
  }

  private static StepRule rule(
      double rate, double maxGradNorm, ScheduleConfig schedule, int totalSteps) {
    return new StepRule(
        new OptimizerConfig(rate, 0.9, 0.99, 1e-8, 0.1, maxGradNorm), schedule, totalSteps, 20);
  }

  private static StepRule clipping(double maxGradNorm) {
    return rule(1, maxGradNorm, new ScheduleConfig(ScheduleConfig.Type.LINEAR, 0), 4);
  }

  @Test
  void aStepHasTheSchedulesRateAndIsCountedFromOne() {
    assertThat(clipping(0.5).adamW(2, 2))
        .isEqualTo(new AdamW(3, 0.5, 0.9, 0.99, 1e-8, 0.1, 20, 0.5 / 2.000001));
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "Infinity, 1", "10, 1", "5.1, 1", "1, 0.2", "2.5, 0.5"})
  void longGradientsAreScaledToTheLargestNorm(double largest, double scale) {
    assertThat(clipping(largest).clip(5, 0)).isCloseTo(scale, within(1e-6));
  }

  /** torch adds 1e-6 to the norm. */
  @Test
  void theNormIsAMillionthLonger() {
    assertThat(clipping(0.5).clip(1, 0)).isEqualTo(0.5 / 1.000001);
  }

  @ParameterizedTest
  @CsvSource({"NaN", "Infinity"})
  void gradientThatIsNotFiniteIsRefused(double norm) {
    assertThatThrownBy(() -> clipping(1).clip(norm, 4))
        .isInstanceOf(NonFiniteLossException.class)
        .hasMessageContaining("gradient norm")
        .hasMessageContaining("at step 5: no results")
        .hasMessageContaining("look at the rows of that step")
        .hasMessageNotContaining("batch");
  }
}
