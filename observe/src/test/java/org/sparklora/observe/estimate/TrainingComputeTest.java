package org.sparklora.observe.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.TinyCheckpoint;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;

/**
 * Hand-computed on two layers of C = 8, F = 12, H·D = 8, K·D = 4.
 *
 * <pre>
 * layer     in + out     in · out
 * q, o      16 each      64 each
 * k, v      12 each      32 each
 * gate, up  20 each      96 each
 * down      20           96
 * sum       116          480      times 2 layers: 232, 960
 * </pre>
 */
class TrainingComputeTest {
  private static final double ROUNDING = 1e-12;

  @TempDir private Path folder;
  private DecoderConfig model;

  @BeforeEach
  void readConfig() throws IOException {
    Path file = folder.resolve("config.json");
    Files.writeString(file, TinyCheckpoint.config("llama").toString());
    model = DecoderConfig.read(file);
  }

  private AdapterLayout adapter(int rank, LoraTargets targets) {
    return AdapterLayout.of(new LoraConfig(rank, 32, 0, false, targets), model);
  }

  @Test
  void addsTheAdaptersProductsToTwoThirds() {
    AdapterLayout adapter = adapter(3, LoraTargets.names(List.of("all-linear")));

    assertThat(TrainingCompute.relativeToFullFineTuning(adapter, model))
        .isCloseTo(2.0 / 3 + 3 * 232 / 960.0, within(ROUNDING));
    assertThat(TrainingCompute.relativeToFullFineTuningRecomputing(adapter, model))
        .isCloseTo(3.0 / 4 + 3 * 232 / 960.0, within(ROUNDING));
  }

  @Test
  void layersWithoutAdapterStillCompute() {
    AdapterLayout adapter = adapter(3, LoraTargets.names(List.of("q_proj", "v_proj")));

    assertThat(TrainingCompute.relativeToFullFineTuning(adapter, model))
        .isCloseTo(2.0 / 3 + 3 * 2 * (16 + 12) / 960.0, within(ROUNDING));
  }

  @Test
  void headCountsWhereItCarriesAnAdapter() {
    AdapterLayout adapter = adapter(3, LoraTargets.names(List.of("all-linear", "lm_head")));

    // lm_head is (11, 8)
    assertThat(TrainingCompute.relativeToFullFineTuning(adapter, model))
        .isCloseTo(2.0 / 3 + 3 * (232 + 19) / (960.0 + 88), within(ROUNDING));
  }
}
