package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.reward.GroupAdvantage.Scaling;

class RewardSettingsTest {

  /** TRL reads {@code scale_rewards: no} in a file as its older boolean. */
  @ParameterizedTest
  @CsvSource({"true, GROUP", "Yes, GROUP", "batch, BATCH", "False, NONE", "no, NONE", "off, NONE"})
  void theOlderBooleanStandsForGroupOrNone(String word, Scaling scaling) {
    Settings settings = CommandLine.parse("reward", List.of("--scale_rewards", word)).settings();

    assertThat(RewardSettings.advantages(settings).scaling()).isEqualTo(scaling);
  }

  /** The remedy for a table without a column {@code prompt_id}, of judged completions too. */
  @Test
  void selectTakesTheSizeOfGroups() {
    List<String> flags = List.of("--input", "in", "--output_dir", "out", "--num_generations", "4");
    Settings settings = CommandLine.parse("select", flags).settings();

    assertThat(RewardSettings.select(settings).tables().groupSize()).hasValue(4);
  }
}
