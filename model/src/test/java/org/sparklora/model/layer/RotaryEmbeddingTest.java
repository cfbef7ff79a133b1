package org.sparklora.model.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.TinyCheckpoint;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Segments;
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
    assertSines(tables(config, 3), 2, 1.138629436, frequencies);
    rope.put("truncate", false);
    assertSines(tables(config, 3), 2, 1.138629436, untruncated);
  }

  /** The frequencies and the factor by the formulas of _compute_longrope_parameters. */
  @Test
  void longRopeScalingTakesTheFactorsOfTheTextsLengthAndScalesTheResult() throws IOException {
    double[] ofShortTexts = {
      1.0, 0.55131502, 0.3011693, 0.16166176, 0.08333333, 0.04325703, 0.0225877, 0.0118552
    };
    double[] ofLongTexts = {
      1.0, 0.37489422, 0.15811388, 0.05927598, 0.025, 0.00937236, 0.00451754, 0.00222285
    };
    ObjectNode config = config().put("head_dim", 16).put("max_position_embeddings", 256);
    ObjectNode rope = config.putObject("rope_parameters").put("rope_theta", 100);
    longRope(rope, 64, 1, 1.02, 1.05, 1.1, 1.2, 1.3, 1.4, 1.5);
    put(rope, "long_factor", 1, 1.5, 2, 3, 4, 6, 7, 8);
    RotaryEmbedding rotary = read(config);
    Segments texts = Segments.ofLengths(64, 65);
    int[] rows = rotary.rows(texts);
    RotaryEmbedding.Angles tables = angles(rotary, texts.longest());
    assertSines(tables, rows[2], 1.154700538, ofShortTexts);
    assertSines(tables, rows[64 + 2], 1.154700538, ofLongTexts);
  }

  @Test
  void aTokensRowDependsOnItsPositionAndTheLengthOfItsOwnText() throws IOException {
    ObjectNode config = config();
    longRope(config.putObject("rope_scaling"), 2, 1, 2);
    RotaryEmbedding rotary = read(config);
    assertThat(rotary.rows(Segments.ofLengths(2, 3))).containsExactly(0, 2, 1, 3, 5);
    assertThat(rotary.rows(new int[] {0, 1, 2})).containsExactly(0, 2, 5);
    // two tokens that only longer texts begin with, and two that one text of two begins with
    Segments shared = Segments.ofLengths(2, 1, 2, 1, 1).continuing(new int[] {-1, 0, 0, -1, 3});
    assertThat(rotary.rows(shared)).containsExactly(1, 3, 5, 5, 7, 0, 2);
    Segments across = Segments.ofLengths(1, 1, 2).continuing(new int[] {-1, 0, 0});
    assertThatThrownBy(() -> rotary.rows(across))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("share their first 1 tokens")
        .hasMessageContaining("more than 2")
        .hasMessageContaining("--max_completion_length");
    assertThat(read(config()).rows(shared)).containsExactly(shared.positions());
  }

  @Test
  void eachKindOfLayersSwitchesAtItsOwnLength() throws IOException {
    ObjectNode config = TinyCheckpoint.config("gemma3_text").put("sliding_window_pattern", 2);
    ObjectNode kinds = config.putObject("rope_parameters");
    ObjectNode full = kinds.putObject("full_attention").put("attention_factor", 1);
    longRope(full.put("rope_theta", 100), 4, 1, 1);
    ObjectNode sliding = kinds.putObject("sliding_attention").put("attention_factor", 1);
    longRope(sliding.put("rope_theta", 100), 3, 2, 2.5);
    RotaryEmbedding rotary = read(config);
    int[] rows = rotary.rows(Segments.ofLengths(3, 4, 5));
    int[] third = {rows[2], rows[3 + 2], rows[7 + 2]};
    Map<DecoderConfig.Rope, RotaryEmbedding.Angles> angles = rotary.tables(engine, 5).angles();
    assertThat(angles).hasSize(2);
    angles.forEach(
        (rope, of) -> {
          boolean isFull = rope.scaling().longestShortText() == 4;
          assertSines(of, third[0], 1, isFull ? 1 : 0.5, isFull ? 0.1 : 0.04);
          assertSines(of, third[1], 1, isFull ? 1 : 0.25, isFull ? 0.1 : 0.02);
          assertSines(of, third[2], 1, isFull ? 0.5 : 0.25, isFull ? 0.05 : 0.02);
        });
  }

  @Test
  void dynamicScalingChangesNothingWithinTheContextAndRefusesLongerTexts() throws IOException {
    ObjectNode config = config().put("max_position_embeddings", 8).put("rope_theta", 100);
    config.putObject("rope_scaling").put("type", "dynamic").put("factor", 4);
    RotaryEmbedding rotary = read(config);
    assertThat(rotary.rows(Segments.ofLengths(2, 8))).startsWith(0, 1, 0, 1, 2).endsWith(7);
    assertAngles(angles(rotary, 8), 7, 7.0, 0.7);
    assertThatThrownBy(() -> rotary.rows(Segments.ofLengths(2, 9)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a text of 9 tokens")
        .hasMessageContaining("beyond 8 (max_position_embeddings)");
    assertThatThrownBy(() -> rotary.rows(new int[] {8})).hasMessageContaining("of 9 tokens");
  }

  /** Sets longrope; each factor of long texts is twice that of short texts. */
  private static void longRope(ObjectNode rope, int original, double... shortFactors) {
    rope.put("rope_type", "longrope").put("original_max_position_embeddings", original);
    put(rope, "short_factor", shortFactors);
    put(rope, "long_factor", DoubleStream.of(shortFactors).map(factor -> 2 * factor).toArray());
  }

  private static void put(ObjectNode rope, String key, double... numbers) {
    ArrayNode list = rope.putArray(key);
    DoubleStream.of(numbers).forEach(list::add);
  }

  /**
   * @param row of position 2
   */
  private static void assertSines(
      RotaryEmbedding.Angles angles, int row, double factor, double... frequencies) {
    float[] sin = angles.sin().rows(row, row + 1).toArray();
    for (int i = 0; i < frequencies.length; i++) {
      assertThat((double) sin[i]).isCloseTo(factor * Math.sin(2 * frequencies[i]), within(1e-6));
    }
  }

  @Test
  void tablesGrowWithTheLongestDocument() throws IOException {
    RotaryEmbedding rotary = read(config());
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
    return angles(read(config), positions);
  }

  private RotaryEmbedding read(ObjectNode config) throws IOException {
    Path file = Files.writeString(folder.resolve("config.json"), config.toString());
    return new RotaryEmbedding(DecoderConfig.read(file));
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
