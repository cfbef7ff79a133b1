package org.sparklora.spark.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.lora.AdapterFile;

/** {@code quickstart} and {@code quickstart-base} with everything they have, but a few steps. */
class QuickstartTest {
  private static final Path RECIPE = Path.of("../conf/quickstart");
  private static final String HOME = "lora.home";
  private static final int ROWS = 24;

  @TempDir private Path home;
  @RegisterExtension final Captured out = Captured.out();
  private final String realHome = System.getProperty(HOME);

  @BeforeEach
  void prepare() throws IOException {
    Path recipe = Files.createDirectories(home.resolve("conf/quickstart"));
    SftRun.copy(RECIPE.resolve("base"), recipe.resolve("base"));
    for (String name : List.of("sft.yaml", "grpo.yaml", "base.yaml")) {
      String settings =
          Files.readString(RECIPE.resolve(name)).replaceAll("(?m)^(max|logging)_steps: .*\n", "");
      Files.writeString(recipe.resolve(name), settings + "max_steps: 2\nlogging_steps: 1\n");
    }
    for (String name :
        List.of("gsm8k_base.jsonl.gz", "gsm8k_train.jsonl.gz", "gsm8k_heldout.jsonl.gz")) {
      copyRows(RECIPE.resolve(name), recipe.resolve(name));
    }
    System.setProperty(HOME, home.toString());
  }

  private static void copyRows(Path from, Path to) throws IOException {
    try (var in = new GZIPInputStream(Files.newInputStream(from));
        var rows = new GZIPOutputStream(Files.newOutputStream(to))) {
      for (String row : new String(in.readAllBytes(), UTF_8).lines().limit(ROWS).toList()) {
        rows.write((row + "\n").getBytes(UTF_8));
      }
    }
  }

  @AfterEach
  void giveBack() {
    if (realHome == null) {
      System.clearProperty(HOME);
    } else {
      System.setProperty(HOME, realHome);
    }
  }

  @Test
  void bothPartsRunAndSayWhatCameOut() throws IOException {
    Path output = home.resolve("run");

    assertThat(Main.run("quickstart", "--output_dir", output.toString(), "--seed", "2")).isZero();

    assertThat(out.text())
        .containsPattern("evaluation loss  \\d+\\.\\d{4} → \\d+\\.\\d{4}")
        .containsPattern(
            "mean reward      0\\.\\d{3} → 0\\.\\d{3} with LoRA, 0\\.\\d{3} with full");
    DecoderConfig config = DecoderConfig.read(home.resolve("conf/quickstart/base/config.json"));
    assertThat(AdapterFile.open(output.resolve("adapter"), config).layout().config().rank())
        .isEqualTo(64);
    assertThat(AdapterFile.open(output.resolve("grpo-lora"), config).layout().config().rank())
        .isEqualTo(1);
    assertThat(output.resolve("grpo-full/model.safetensors")).isRegularFile();
    var lora = new ObjectMapper().readTree(output.resolve("grpo-lora/trainer_state.json").toFile());
    var full = new ObjectMapper().readTree(output.resolve("grpo-full/trainer_state.json").toFile());
    assertThat(lora.at("/log_history/0/reward"))
        .as("both start from the same completions")
        .isEqualTo(full.at("/log_history/0/reward"));
    assertThat(lora.at("/log_history/0/learning_rate").doubleValue())
        .isEqualTo(10 * full.at("/log_history/0/learning_rate").doubleValue());
    assertThat(output.resolve("figure")).isNotEmptyDirectory();
  }

  @Test
  void aBaseModelIsMadeFromNothing() throws IOException {
    Path output = home.resolve("made");

    assertThat(Main.run("quickstart-base", "--output_dir", output.toString(), "--rows", "200"))
        .isZero();

    DecoderConfig config = DecoderConfig.read(output.resolve("base/config.json"));
    assertThat(config.hiddenSize()).isEqualTo(128);
    assertThat(output.resolve("base/model.safetensors")).isRegularFile();
    assertThat(output.resolve("base/tokenizer.json")).isRegularFile();
  }
}
