package org.sparklora.prep.settings;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Settings;

class PrepSettingsTest {

  /** A run's own file of settings has the test split, and no other flag, by its default. */
  @Test
  void noFlagOfOneDatasetIsIgnoredBesideAMixture() {
    Settings settings =
        CommandLine.parse(
                "prep",
                List.of(
                    "--datasets=mixture.yaml",
                    "--dataset_config=test",
                    "--output_dir=out",
                    "--model_name_or_path=model"))
            .settings();
    assertThatThrownBy(() -> PrepSettings.of(settings, "out"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("dataset_config = test")
        .hasMessageContaining("--datasets is given");
  }
}
