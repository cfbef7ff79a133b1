package org.sparklora.spark.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;

class MathEvalConfigTest {
  @TempDir private Path folder;

  private List<MathEvalConfig> configs(String... more) throws IOException {
    for (int step : List.of(2, 10)) {
      Path checkpoint = Files.createDirectories(folder.resolve("run/checkpoint-" + step));
      Files.writeString(checkpoint.resolve("adapter_config.json"), "{}");
    }
    List<String> flags =
        new ArrayList<>(
            List.of("--model_name_or_path", "a/b", "--dataset_name", "rows.jsonl", "--output_dir"));
    flags.addAll(
        List.of(folder.resolve("out").toString(), "--checkpoints", folder.resolve("run") + ""));
    flags.addAll(List.of(more));
    return MathEvalConfig.ofEach(new Configuration(), CommandLine.parse("eval", flags).settings());
  }

  @Test
  void checkpointsShareTheirPromptsWhichAreReplacedUnlessTheUserNamesTheirPlace()
      throws IOException {
    String out = folder.resolve("out").toString();
    assertThat(configs())
        .allSatisfy(
            config -> {
              assertThat(config.problems().outputFolder()).isEqualTo(out + ".prompts");
              assertThat(config.problems().overwrite()).isTrue();
            })
        .extracting(MathEvalConfig::output)
        .containsExactly(out + "/checkpoint-2", out + "/checkpoint-10");
    assertThat(configs("--prompts_dir", "mine"))
        .allSatisfy(
            config -> {
              assertThat(config.problems().outputFolder()).isEqualTo("mine");
              assertThat(config.problems().overwrite()).isFalse();
            });
  }

  @Test
  void theTableOfCheckpointsReplacesASummaryOnlyIfItMay() throws IOException {
    Files.writeString(
        Files.createDirectories(folder.resolve("out")).resolve("_eval_summary.json"), "{}");
    assertThatThrownBy(() -> configs())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("output_dir = " + folder.resolve("out"))
        .hasMessageContaining("--overwrite_output_dir");
    assertThat(configs("--overwrite_output_dir")).hasSize(2);
  }
}
