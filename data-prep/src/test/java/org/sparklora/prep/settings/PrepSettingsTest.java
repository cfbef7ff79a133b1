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
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.table.TableQuery;

class PrepSettingsTest {

  /** A run's own file of settings has the test split, and no other flag, by its default. */
  @Test
  void noFlagOfOneDatasetIsIgnoredBesideAMixture() {
    Settings settings = prep("--datasets=mixture.yaml", "--dataset_config=test");
    assertThatThrownBy(() -> packed(settings))
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
    assertThat(packed(settings).source().mixture().names()).containsExactly("a/b");
    Settings byUri = prep("--datasets=" + file.toUri());
    assertThat(packed(byUri).settings()).isEqualTo(packed(settings).settings());
  }

  @Test
  void theSplitToEvaluateOnIsAnotherTableOrRowsOfTheSame() {
    PrepConfig.Source another =
        tested("--dataset_name=lake.db.train", "--dataset_test_split=lake.db.test");
    assertThat(another.dataset()).isEqualTo("lake.db.test");
    assertThat(another.split()).isEqualTo("test");
    assertThat(another.query().revision()).as("of the other table").isEmpty();
    assertThat(another.query().split().predicate()).isEmpty();
    PrepConfig.Source same = tested("--dataset_name=lake.db.all", "--dataset_test_split=id < 9");
    assertThat(same.dataset()).isEqualTo("lake.db.all");
    assertThat(same.query().revision()).isEqualTo("3");
    assertThat(same.query().split()).isEqualTo(new TableQuery.Split("id < 9", true));
  }

  private static PrepConfig.Source tested(String... flags) {
    Settings settings =
        parse("sft", Stream.concat(Stream.of(flags), Stream.of("--dataset_revision=3")));
    return PrepSettings.packed(settings, Flags.DATASET_TEST_SPLIT, "out").source();
  }

  private static PrepConfig packed(Settings settings) {
    return PrepSettings.packed(settings, Flags.DATASET_TRAIN_SPLIT, "out");
  }

  private static Settings prep(String... flags) {
    return parse("prep", Stream.of(flags));
  }

  private static Settings parse(String command, Stream<String> flags) {
    return CommandLine.parse(
            command,
            Stream.concat(flags, Stream.of("--output_dir=out", "--model_name_or_path=model"))
                .toList())
        .settings();
  }
}
