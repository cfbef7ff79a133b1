package org.sparklora.model.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.TinyCheckpoint;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.tensor.Tensor;

class RotaryEmbeddingTest {
  private final Engine engine = EnginesUnderTest.reference();

  @TempDir Path folder;

  @Test
  void pairsTurnByThePositionTimesAFallingFrequency() throws IOException {
    // head size 4 and theta 100: frequencies 1 and 100^(-2/4) = 0.1
    RotaryEmbedding.Angles tables = tables(config().put("rope_theta", 100), 3);
    assertAngles(tables, 2, 2.0, 0.2);
  }

  @Test
  void linearScalingDividesAllFrequencies() throws IOException {
    ObjectNode config = config();
    config
        .putObject("rope_parameters")
        .put("rope_type", "linear")
        .put("rope_theta", 100)
        .put("factor", 2);
    assertAngles(tables(config, 3), 2, 1.0, 0.1);
  }

  @Test
  void llama3ScalingKeepsShortWavesAndStretchesLongOnes() throws IOException {
    // wavelengths 2π and 20π; with 40 positions the bounds are 40/4 = 10 and 40/1 = 40
    ObjectNode config = config();
    ObjectNode rope = config.putObject("rope_parameters");
    rope.put("rope_type", "llama3").put("rope_theta", 100).put("factor", 8);
    rope.put("low_freq_factor", 1)
        .put("high_freq_factor", 4)
        .put("original_max_position_embeddings", 40);
    assertAngles(tables(config, 3), 2, 2.0, 0.2 / 8);

    // with 100 positions the bounds are 25 and 100, and 20π lies between them
    rope.put("original_max_position_embeddings", 100);
    double smooth = (100 / (20 * Math.PI) - 1) / (4 - 1);
    assertAngles(tables(config, 3), 2, 2.0, 2 * ((1 - smooth) * 0.1 / 8 + smooth * 0.1));
  }

  /** The frequencies and the factor that _compute_yarn_parameters of transformers 5.24.0 gives. */
  @Test
  void yarnScalingInterpolatesBetweenTurnsOfAPairAndScalesTheResult() throws IOException {
    double[] frequencies = {
      1.0, 0.56234133, 0.26879361, 0.12447956, 0.055, 0.02249365, 0.00790569, 0.0044457
    };
    double[] untruncated = {
      1.0, 0.56234133, 0.29152562, 0.12701618, 0.05066439, 0.01681532, 0.00790569, 0.0044457
    };
    ObjectNode config = config().put("head_dim", 16).put("max_position_embeddings", 256);
    ObjectNode rope = config.putObject("rope_parameters");
    rope.put("rope_type", "yarn").put("rope_theta", 100).put("factor", 4);
    rope.put("beta_fast", 4).put("beta_slow", 0.5).put("original_max_position_embeddings", 64);
    assertSines(tables(config, 3), frequencies);
    rope.put("truncate", false);
    assertSines(tables(config, 3), untruncated);
  }

  private static void assertSines(RotaryEmbedding.Angles angles, double[] frequencies) {
    float[] sin = angles.sin().rows(2, 3).toArray();
    for (int i = 0; i < frequencies.length; i++) {
      assertThat((double) sin[i])
          .isCloseTo(1.138629436 * Math.sin(2 * frequencies[i]), within(1e-6));
    }
  }

  @Test
  void tablesGrowWithTheLongestDocument() throws IOException {
    Path file = Files.writeString(folder.resolve("config.json"), config().toString());
    RotaryEmbedding rotary = new RotaryEmbedding(DecoderConfig.read(file));
    Tensor before = angles(rotary, 5).cos();
    assertThat(angles(rotary, 200).cos()).isSameAs(before);
    Tensor after = angles(rotary, 1000).cos();
    assertThat(after.rows()).isGreaterThanOrEqualTo(1000);
    assertThat(after.rows(0, before.rows()).toArray()).containsExactly(before.toArray());
  }

  private static ObjectNode config() {
    return TinyCheckpoint.config("llama");
  }

  private RotaryEmbedding.Angles tables(ObjectNode config, int positions) throws IOException {
    Path file = Files.writeString(folder.resolve("config.json"), config.toString());
    return angles(new RotaryEmbedding(DecoderConfig.read(file)), positions);
  }

  /** The angles of the only rotation. */
  private RotaryEmbedding.Angles angles(RotaryEmbedding rotary, int positions) {
    return rotary.tables(engine, positions).angles().values().iterator().next();
  }

  private static void assertAngles(RotaryEmbedding.Angles tables, int position, double... angles) {
    float[] cos = tables.cos().rows(position, position + 1).toArray();
    float[] sin = tables.sin().rows(position, position + 1).toArray();
    for (int i = 0; i < angles.length; i++) {
      assertThat((double) cos[i]).isCloseTo(Math.cos(angles[i]), within(1e-6));
      assertThat((double) sin[i]).isCloseTo(Math.sin(angles[i]), within(1e-6));
    }
  }
}
