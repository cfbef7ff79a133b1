package org.sparklora.spark.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.observe.estimate.PlannedRun;
import org.sparklora.train.GuideModels;
import org.sparklora.train.TestModels;

class TrialCostTest {
  private static final int TOKENS = 10;

  @TempDir private Path folder;

  /** Elements of the matrices that multiply a token, from the cost of a step on all weights. */
  private static double elements(Path checkpoint) throws IOException {
    PlannedRun run =
        new PlannedRun(
            DecoderConfig.read(checkpoint.resolve("config.json")),
            Optional.empty(),
            new PlannedRun.Memory(
                DType.FLOAT32, DType.FLOAT32, DType.FLOAT32, false, 4, Optional.empty()),
            new PlannedRun.Batch(1, 1, TOKENS, 1, 1),
            1e-4,
            Optional.empty(),
            Optional.empty());
    return TrialCost.of(run, false).flops() / (6 * TOKENS);
  }

  @Test
  void aTiedHeadMultipliesToo() throws IOException {
    // 30 layers of 2·576·576 + 2·576·192 + 3·576·1536, and 49152·576
    assertThat(elements(GuideModels.SMOLLM2_135M.write(folder)))
        .isEqualTo(106_168_320 + 28_311_552);
  }

  @Test
  void aTokenPassesThroughTheExpertsThatItsRouterChooses() throws IOException {
    // 2 layers of 2·32·64 + 2·32·32, a router of 32·8, 2 of 8 experts of 3·32·64; a head
    assertThat(elements(TestModels.copy("qwen3-moe-tiny", folder)))
        .isEqualTo(2 * (6144 + 256 + 2 * 6144) + 8192);
  }
}
