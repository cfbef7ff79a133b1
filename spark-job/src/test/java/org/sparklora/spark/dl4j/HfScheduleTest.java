package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.schedule.ISchedule;
import org.sparklora.pipeline.config.ScheduleConfig;

class HfScheduleTest {
  private static final double RELATIVE = 1e-12;

  @Test
  void givesTransformersRatesAtEveryStep() throws IOException {
    JsonNode cases =
        new ObjectMapper().readTree(getClass().getResourceAsStream("/sft/lr_schedules.json"));
    for (JsonNode expected : cases) {
      ISchedule schedule =
          HfSchedule.of(
              expected.get("peak_lr").asDouble(),
              new ScheduleConfig(
                  ScheduleConfig.Type.valueOf(
                      expected.get("scheduler").asText().toUpperCase(Locale.ROOT)),
                  expected.get("warmup_steps").asDouble()),
              expected.get("total_steps").asInt());
      JsonNode rates = expected.get("lr_for_step_1_to_total_plus_2");
      for (int step = 0; step < rates.size(); step++) {
        double rate = rates.get(step).asDouble();
        assertThat(schedule.valueAt(step, 0))
            .as("case %s, step %d", expected.get("id"), step + 1)
            .isCloseTo(rate, within(RELATIVE * rate));
      }
    }
  }

  @Test
  void epochsPlayNoPart() {
    ISchedule schedule = HfSchedule.of(1e-3, ScheduleConfig.defaults(), 10);
    assertThat(schedule.valueAt(3, 7)).isEqualTo(schedule.valueAt(3, 0));
  }
}
