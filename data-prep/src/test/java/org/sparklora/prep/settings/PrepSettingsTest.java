package org.sparklora.prep.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Settings;

class PrepSettingsTest {

  /** A run's own file of settings has the test split, and no other flag, by its default. */
  @Test
  void noFlagOfOneDatasetIsIgnoredBesideAMixture() {
    Settings settings = prep("--datasets=mixture.yaml", "--dataset_config=test");
    assertThatThrownBy(() -> PrepSettings.of(settings, "out"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("dataset_config = test")
        .hasMessageContaining("--datasets is given");
  }

  /** TRL's documentation lists all keys of a dataset; null and false are their defaults. */
  @Test
  void keysOfTrlAtTheirDefaultsAreTakenInAMixture(@TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("mixture.yaml"),
            """
            datasets:
              - {path: a/b, name: null, data_dir: null, data_files: ~, columns: null, fraction: null}
            streaming: false
            test_split_size: null
            """);
    Settings settings = prep("--datasets=" + file);
    assertThat(PrepSettings.of(settings, "out").source().mixture().names()).containsExactly("a/b");
    Settings byUri = prep("--datasets=" + file.toUri());
    assertThat(PrepSettings.of(byUri, "out").settings())
        .isEqualTo(PrepSettings.of(settings, "out").settings());
  }

  private static Settings prep(String... flags) {
    return CommandLine.parse(
            "prep",
            Stream.concat(
                    Stream.of(flags), Stream.of("--output_dir=out", "--model_name_or_path=model"))
                .toList())
        .settings();
  }
}
