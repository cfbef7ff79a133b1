package org.sparklora.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.sweep.finding.Conclusion;

class SweepFileTest {
  private static final String WHOLE =
      """
      finding: learning-rate
      claim: one sentence
      source: https://example.org
      command: sft
      base:
        model_name_or_path: model
        dataset_name: data
        max_steps: 100
      axes:
        learning_rate: [1e-4, 3e-4]
        seed: [1, 2]
      zip:
        - use_peft: [true, true, false]
          lora_r: [1, 16, null]
          label: [r 1, r 16, full]
      metric: {name: eval_loss, goal: min, last: 2}
      halving: {steps: [10, 50], keep: 0.5}
      """;

  @TempDir private Path folder;

  private SweepFile read(String text) throws IOException {
    return SweepFile.read(Files.writeString(folder.resolve("sweep.yaml"), text));
  }

  @Test
  void axesAndGroupsAreCrossed() throws IOException {
    List<Trial> trials = TrialGrid.of(read(WHOLE), "out");

    assertThat(trials).hasSize(2 * 2 * 3);
    Trial first = trials.get(0);
    assertThat(first.rate()).isEqualTo(1e-4);
    assertThat(first.seed()).isEqualTo(1);
    assertThat(first.rank()).isEqualTo(1);
    assertThat(first.labels()).containsExactly("r 1");
    assertThat(first.maxSteps()).isEqualTo(100);
    Trial full = trials.get(2);
    assertThat(full.isAdapter()).isFalse();
    assertThat(full.rank()).isZero();
    assertThat(full.values()).containsEntry("lora_r", "").containsEntry("use_peft", "false");
    assertThat(full.setting()).doesNotContainKey("seed");
  }

  @Test
  void metricAndHalvingAreRead() throws IOException {
    SweepFile file = read(WHOLE);

    assertThat(file.metric()).isEqualTo(new SweepMetric("eval_loss", true, 2));
    assertThat(file.halving()).contains(new Halving(List.of(10, 50), 0.5));
    assertThat(file.finding()).isEqualTo(FindingKind.LEARNING_RATE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "learning_rate: [1e-4, 3e-4] | lerning_rate: [1e-4] | did you mean learning_rate?",
        "learning_rate: [1e-4, 3e-4] | learning_rate: [fast] | a number is expected",
        "learning_rate: [1e-4, 3e-4] | learning_rate: [] | without a value there is no trial",
        "learning_rate: [1e-4, 3e-4] | learning_rate: 1e-4 | a list of values is expected",
        "learning_rate: [1e-4, 3e-4] | learning_rate: [1e-4, 0.0001] | another trial is the same",
        "learning_rate: [1e-4, 3e-4] | output_dir: [a, b] | a sweep decides on it",
        "learning_rate: [1e-4, 3e-4] | max_steps: [1, 2] | it stands among base and the axes",
        "learning_rate: [1e-4, 3e-4] | max-steps: [1, 2] | it stands among base and the axes",
        "learning_rate: [1e-4, 3e-4] | num_generations: [2, 4] | sft does not take this flag",
        "learning_rate: [1e-4, 3e-4] | lora_r: [2, 4] | it is one already",
        "lora_r: [1, 16, null] | lora_r: [1, 16] | values that go together are as many",
        "lora_r: [1, 16, null] | lora_r: [1, 16] | lora_r = [1, 16]",
        "finding: learning-rate | finding: learning-rat | did you mean learning-rate?",
        "command: sft | command: prep | It is one of sft, grpo",
        "goal: min | goal: least | it is min or max",
        "last: 2 | last: 0 | 1 or more",
        "claim: one | clam: one | did you mean claim?",
        "keep: 0.5 | keep: 1.5 | above 0 and below 1",
        "steps: [10, 50] | steps: [50, 10] | whole numbers that rise",
        "max_steps: 100 | resume_from_checkpoint: true | a sweep decides on it",
        "max_steps: 100 | hub_token: hf_secret | no trial pushes",
        "max_steps: 100 | push_to_hub_token: hf_secret | no trial pushes",
        "max_steps: 100 | checkpoints: run | name each checkpoint as adapter",
      })
  void whatCannotBeSweptIsRefused(String good, String bad, String said) {
    String text = WHOLE.replace(good, bad);

    assertThat(text).isNotEqualTo(WHOLE);
    assertThatThrownBy(() -> TrialGrid.of(read(text), "out"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(said)
        .hasMessageContaining("sweep.yaml")
        .hasMessageNotContaining("hf_secret");
  }

  @Test
  void anAxisMayHaveAFormerNameOrDashes() throws IOException {
    List<Trial> trials = TrialGrid.of(read(WHOLE), "out");
    String dashes = WHOLE.replace("learning_rate: [1e-4", "learning-rate: [1e-4");

    assertThat(TrialGrid.of(read(dashes), "out").stream().map(Trial::values))
        .containsExactlyElementsOf(trials.stream().map(Trial::values).toList());
    String former = WHOLE.replace("learning_rate: [1e-4, 3e-4]", "max_seq_length: [512, 1024]");
    assertThat(TrialGrid.of(read(former), "out").get(0).values())
        .containsEntry("max_length", "512");
  }

  @Test
  void aValueOfAnAxisMayBeNone() throws IOException {
    String text = WHOLE.replace("learning_rate: [1e-4, 3e-4]", "data_seed: [None, 7]");

    assertThat(
            TrialGrid.of(read(text), "out").stream().map(trial -> trial.values().get("data_seed")))
        .contains("None", "7");
  }

  @Test
  void anAxisMayBeTheSeedOfTheData() throws IOException {
    String text = WHOLE.replace("learning_rate: [1e-4, 3e-4]", "data_seed: [1, 2]");

    assertThat(TrialGrid.of(read(text), "out").stream().map(Trial::seeds).distinct())
        .containsExactlyInAnyOrder(
            new Trial.Seeds(1, 1),
            new Trial.Seeds(1, 2),
            new Trial.Seeds(2, 1),
            new Trial.Seeds(2, 2));
    assertThat(TrialGrid.of(read(WHOLE), "out").stream().map(Trial::seeds).distinct())
        .containsExactly(new Trial.Seeds(1, 1), new Trial.Seeds(2, 2));
  }

  @Test
  void aFolderWhoseSweepCannotBeReadIsNamed() throws IOException {
    SweepFile file = read(WHOLE);
    Path out = Files.createDirectories(folder.resolve("out"));
    Files.writeString(out.resolve("sweep.yaml"), WHOLE.replace("claim:", "clam:"));

    assertThatThrownBy(() -> SweepFolder.requireFree(new Configuration(), out.toString(), file))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("output_dir = " + out)
        .hasMessageContaining(out.resolve("sweep.yaml").toString())
        .hasMessageContaining("did you mean claim?")
        .hasMessageContaining("name another folder");
  }

  @Test
  void aCurveIsCalledByLabelsAndByTheValuesOfOtherAxes() throws IOException {
    String text = WHOLE.replace("  seed: [1, 2]", "  seed: [1, 2]\n  max_length: [64, 128]");

    assertThat(TrialGrid.of(read(text), "out").stream().map(Trial::seriesLabel).distinct())
        .containsExactly(
            "r 1, max_length 64",
            "r 16, max_length 64",
            "full, max_length 64",
            "r 1, max_length 128",
            "r 16, max_length 128",
            "full, max_length 128");
  }

  @Test
  void aSweepWithoutAnAxisIsRefused() {
    String text = WHOLE.replaceAll("(?s)axes:.*metric", "metric");

    assertThatThrownBy(() -> read(text)).hasMessageContaining("name the flags to vary");
  }

  @Test
  void anIdleValueMakesNoOtherTrial() {
    String text =
        WHOLE
            .replaceAll("(?s)zip:.*metric", "metric")
            .replace("  seed: [1, 2]", "  use_peft: [false]\n  lora_r: [1, 2]");

    assertThatThrownBy(() -> TrialGrid.of(read(text), "out"))
        .hasMessageContaining("another trial is the same")
        .hasMessageContaining("lora_r changes nothing in it");
  }

  @ParameterizedTest
  @CsvSource({"lora_r, 8, it needs --use_peft", "dataloader_num_workers, 2, Spark places the work"})
  void anAxisThatNoTrialHeedsIsRefused(String flag, String value, String said) {
    String text =
        WHOLE
            .replaceAll("(?s)zip:.*metric", "metric")
            .replace("  seed: [1, 2]", "  seed: [1, 2]\n  %s: [%s]".formatted(flag, value));

    assertThatThrownBy(() -> TrialGrid.of(read(text), "out"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("Cannot use %s = %s".formatted(flag, value))
        .hasMessageContaining(said)
        .hasMessageContaining("sweep.yaml");
  }

  @Test
  void claimsMayBeWordedAnewWhereTrialsAreTheSame() throws IOException {
    SweepFile file = read(WHOLE);

    assertThat(file.hasTrialsOf(read(WHOLE.replace("one sentence", "another")))).isTrue();
    assertThat(file.hasTrialsOf(read(WHOLE.replace("seed: [1, 2]", "seed: [1, 3]")))).isFalse();
  }

  @Test
  void theSweepsOfTheRepositoryHaveAGridAndThreeSeeds() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("../conf/sweeps"))) {
      List<Path> sweeps =
          files
              .filter(file -> file.toString().endsWith(".yaml"))
              .filter(file -> !file.endsWith("base.yaml")) // of the model that they train
              .toList();
      assertThat(sweeps).hasSizeGreaterThan(6);
      for (Path file : sweeps) {
        List<Trial> trials = TrialGrid.of(SweepFile.read(file), "out");
        assertThat(trials.stream().map(Trial::seed).distinct())
            .as(file.toString())
            .hasSizeGreaterThanOrEqualTo(Conclusion.LEAST_SEEDS);
      }
    }
  }
}
