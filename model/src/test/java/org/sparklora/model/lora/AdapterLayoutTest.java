package org.sparklora.model.lora;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sparklora.model.GoldenModel;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.tensor.Tensor;

class AdapterLayoutTest {
  private final Engine engine = EnginesUnderTest.reference();
  private final DecoderConfig model = config();

  private static DecoderConfig config() {
    try (CheckpointFolder checkpoint = GoldenModel.checkpoint("llama-tiny")) {
      return checkpoint.config();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void factorsLieOneAfterTheOtherUnderPeftsNames() {
    AdapterLayout layout =
        AdapterLayout.of(
            new LoraConfig(4, 8, 0, false, LoraTargets.names(List.of("k_proj", "lm_head"))), model);
    assertThat(layout.entries())
        .extracting(ParameterLayout.Entry::name)
        .startsWith(
            "base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight",
            "base_model.model.model.layers.0.self_attn.k_proj.lora_B.weight")
        .endsWith(
            "base_model.model.lm_head.lora_A.weight", "base_model.model.lm_head.lora_B.weight");
    long end = 0;
    for (ParameterLayout.Entry entry : layout.entries()) {
      assertThat(entry.offset()).isEqualTo(end);
      assertThat(entry.decayed()).isTrue();
      end += entry.size();
    }
    assertThat(layout.size()).isEqualTo(end).isEqualTo(4 * (3 * (64 + 32) + 64 + 512));
  }

  /** Layers of (in, out): q_proj (64, 64), k_proj (64, 32); the first expression counts. */
  @Test
  void layersOfAPatternHaveItsRanksAndTheScalesOfThese() {
    Map<String, Integer> ranks = new LinkedHashMap<>();
    ranks.put("layers\\.1\\..*", 2);
    ranks.put("q_proj", 16);
    ranks.put("v_proj", 99); // no target
    LoraConfig.Patterns patterns = new LoraConfig.Patterns(ranks, Map.of());
    LoraTargets targets = LoraTargets.ofFlag(List.of(".*layers\\.[01]\\..*[qk]_proj"));
    AdapterLayout layout =
        AdapterLayout.of(new LoraConfig(4, 8, 0, false, targets, patterns), model);
    assertFactors(layout, "model.layers.0.self_attn.q_proj", 16, 0.5f);
    assertFactors(layout, "model.layers.0.self_attn.k_proj", 4, 2);
    assertFactors(layout, "model.layers.1.self_attn.q_proj", 2, 4);
    assertFactors(layout, "model.layers.1.self_attn.k_proj", 2, 4);
    assertThat(layout.size()).isEqualTo((16 + 2) * (64 + 64) + (4 + 2) * (64 + 32));
    assertThat(layout.sizeOfRankOne()).isEqualTo(2 * (64 + 64 + 64 + 32));
    assertThat(layout.largestRank()).isEqualTo(16);
  }

  private static void assertFactors(AdapterLayout layout, String module, int rank, float scale) {
    AdapterLayout.Factors factors = layout.factors(module).orElseThrow();
    assertThat(factors.rank()).as(module).isEqualTo(rank);
    assertThat(factors.ofB().shape()).containsExactly(factors.out(), rank);
    assertThat(factors.scale()).isEqualTo(scale);
  }

  @Test
  void initialAIsUniformWithinOneByTheRootOfItsInputsAndBIsZero() {
    AdapterLayout layout =
        AdapterLayout.of(
            new LoraConfig(64, 8, 0, false, LoraTargets.names(List.of("all-linear"))), model);
    Tensor parameters = engine.allocate(layout.size());
    engine.fill(parameters, 9);
    layout.initialize(parameters, 42);
    AdapterLayout.Factors down = layout.factors("model.layers.0.mlp.down_proj").orElseThrow();

    float[] a = down.a(parameters).toArray(); // (64, 96)
    double bound = 1 / Math.sqrt(96);
    double sum = 0;
    double squares = 0;
    for (float value : a) {
      assertThat(Math.abs(value)).isLessThanOrEqualTo((float) bound);
      sum += value;
      squares += (double) value * value;
    }
    // six standard errors of the mean and of the variance of 6144 uniform numbers
    assertThat(Math.abs(sum / a.length)).isLessThan(6 * bound / Math.sqrt(3 * a.length));
    assertThat(squares / a.length / (bound * bound / 3)).isBetween(0.93, 1.07);
    assertThat(down.b(parameters).toArray()).containsOnly(0f);
  }

  @Test
  void initialFactorsFollowTheSeedAndNotTheOtherTargets() {
    AdapterLayout all =
        AdapterLayout.of(
            new LoraConfig(2, 8, 0, false, LoraTargets.names(List.of("all-linear"))), model);
    AdapterLayout one =
        AdapterLayout.of(
            new LoraConfig(2, 8, 0, false, LoraTargets.names(List.of("o_proj"))), model);
    assertThat(initialOutput(one, 1)).containsExactly(initialOutput(all, 1));
    assertThat(initialOutput(one, 2)).isNotEqualTo(initialOutput(one, 1));
  }

  private float[] initialOutput(AdapterLayout layout, long seed) {
    Tensor parameters = engine.allocate(layout.size());
    layout.initialize(parameters, seed);
    return layout.factors("model.layers.2.self_attn.o_proj").orElseThrow().a(parameters).toArray();
  }

  @Test
  void survivesJavaSerialization() throws IOException, ClassNotFoundException {
    AdapterLayout layout =
        AdapterLayout.of(
            new LoraConfig(2, 8, 0, false, LoraTargets.names(List.of("all-linear"))), model);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(layout);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      AdapterLayout read = (AdapterLayout) in.readObject();
      assertThat(read.size()).isEqualTo(layout.size());
      assertThat(read.modules()).isEqualTo(layout.modules());
      assertThat(read.config()).isEqualTo(layout.config());
    }
  }

  @Test
  void normsAndBiasesAreNotDecayed() {
    assertThat(ParameterLayout.isDecayed("model.layers.0.input_layernorm.weight")).isFalse();
    assertThat(ParameterLayout.isDecayed("model.layers.0.self_attn.q_norm.weight")).isFalse();
    assertThat(ParameterLayout.isDecayed("model.norm.weight")).isFalse();
    assertThat(ParameterLayout.isDecayed("model.layers.0.self_attn.q_proj.bias")).isFalse();
    assertThat(ParameterLayout.isDecayed("model.layers.0.self_attn.q_proj.weight")).isTrue();
    assertThat(ParameterLayout.isDecayed("model.embed_tokens.weight")).isTrue();
  }
}
