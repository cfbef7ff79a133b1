package org.sparklora.model.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.model.TinyCheckpoint;
import org.sparklora.model.checkpoint.DecoderConfig;

class ExpertTargetsTest {
  @TempDir Path folder;

  /** Two layers of three experts. */
  private DecoderConfig model(String type) throws IOException {
    Path file = folder.resolve("config.json");
    Files.writeString(file, TinyCheckpoint.config(type).toString());
    return DecoderConfig.read(file);
  }

  @Test
  void expertsHaveTheirOwnRankAndTheScaleOfThatRank() throws IOException {
    LoraConfig lora = new LoraConfig(8, 16, 0, false, LoraTargets.names(List.of("all-linear")));
    AdapterLayout layout = AdapterLayout.of(lora.withExpertRank(2), model("qwen3_moe"));

    assertThat(layout.modules()).hasSize(2 * (4 + 1 + 3 * 3));
    assertThat(rank(layout, "model.layers.0.self_attn.q_proj")).isEqualTo(8);
    assertThat(rank(layout, "model.layers.1.mlp.gate")).isEqualTo(8);
    for (String name : List.of("gate_proj", "up_proj", "down_proj")) {
      assertThat(rank(layout, "model.layers.1.mlp.experts.2." + name)).isEqualTo(2);
    }
    assertThat(layout.config().scale("model.layers.1.mlp.experts.2.up_proj")).isEqualTo(8);
    assertThat(layout.config().expertRank()).isEqualTo(2);
    assertThat(lora.expertRank()).isEqualTo(8);
  }

  private static int rank(AdapterLayout layout, String module) {
    return layout.factors(module).orElseThrow().rank();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "all-linear | 0.1 | false | lora_dropout = 0.1",
        "gate q_proj | 0.1 | false | lora_dropout = 0.1",
        "all-linear | 0 | true | use_rslora = true",
        "gate_proj q_proj | 0 | false | gate_proj with up_proj",
        ".*experts\\.[01]\\..* | 0 | false | all of these adapters of one rank, or none",
      })
  void refusesWhatPeftCannotLoad(String targets, double dropout, boolean rslora, String message)
      throws IOException {
    LoraConfig lora =
        new LoraConfig(2, 4, dropout, rslora, LoraTargets.ofFlag(List.of(targets.split(" "))));
    DecoderConfig model = model("qwen3_moe");
    assertThatThrownBy(() -> AdapterLayout.of(lora, model)).hasMessageContaining(message);
  }

  @Test
  void refusesAlphasOfSomeLayersBesideExperts() throws IOException {
    LoraConfig.Patterns patterns = new LoraConfig.Patterns(Map.of(), Map.of("q_proj", 8.0));
    DecoderConfig model = model("qwen3_moe");
    LoraTargets all = LoraTargets.names(List.of("all-linear"));
    assertThatThrownBy(() -> AdapterLayout.of(new LoraConfig(2, 4, 0, false, all, patterns), model))
        .hasMessageContaining("lora_alpha_pattern = {q_proj=8.0}");
    LoraTargets attention = LoraTargets.names(List.of("q_proj"));
    LoraConfig alone = new LoraConfig(2, 4, 0, false, attention, patterns);
    assertThat(AdapterLayout.of(alone, model).modules()).hasSize(2);
  }

  @Test
  void ranksOfAttentionGoWithARankPerExpert() throws IOException {
    LoraConfig.Patterns patterns =
        new LoraConfig.Patterns(Map.of("q_proj", 3, "(gate|up|down)_proj", 5), Map.of());
    LoraTargets all = LoraTargets.names(List.of("all-linear"));
    LoraConfig lora = new LoraConfig(8, 16, 0, false, all, patterns).withExpertRank(2);
    AdapterLayout layout = AdapterLayout.of(lora, model("qwen3_moe"));
    assertThat(rank(layout, "model.layers.0.self_attn.q_proj")).isEqualTo(3);
    assertThat(rank(layout, "model.layers.0.self_attn.k_proj")).isEqualTo(8);
    assertThat(rank(layout, "model.layers.1.mlp.experts.2.down_proj")).isEqualTo(2);
    assertThat(lora.patterns().ranks()).containsEntry("experts\\.gate_up_proj", 4);
  }

  @ParameterizedTest
  @CsvSource({"down_proj", "mlp\\.gate", ".*", "experts.*"})
  void refusesRanksOfFeedForwardLayersThatPeftNamesOtherwise(String layers) throws IOException {
    LoraConfig.Patterns patterns = new LoraConfig.Patterns(Map.of(layers, 3), Map.of());
    LoraTargets all = LoraTargets.names(List.of("all-linear"));
    LoraConfig lora = new LoraConfig(2, 4, 0, false, all, patterns);
    DecoderConfig model = model("qwen3_moe");
    assertThatThrownBy(() -> AdapterLayout.of(lora, model))
        .hasMessageContaining("lora_rank_pattern = {%s=3}".formatted(layers))
        .hasMessageContaining("lora_rank_per_expert");
  }

  @Test
  void attentionAloneMayHaveDropout() throws IOException {
    LoraTargets targets = LoraTargets.names(List.of("q_proj", "v_proj"));
    LoraConfig lora = new LoraConfig(2, 4, 0.1, true, targets);
    assertThat(AdapterLayout.of(lora, model("qwen3_moe")).modules()).hasSize(4);
  }

  @Test
  void refusesARankPerExpertWithoutExperts() throws IOException {
    LoraConfig lora = new LoraConfig(2, 4, 0, false, LoraTargets.names(List.of("all-linear")));
    DecoderConfig model = model("qwen3");
    assertThatThrownBy(() -> AdapterLayout.of(lora.withExpertRank(1), model))
        .hasMessageContaining("lora_rank_per_expert = 1")
        .hasMessageContaining("no experts");
  }

  @Test
  void theFirstPatternThatNamesALayerGivesItsRank() {
    LoraTargets targets = LoraTargets.names(List.of("all-linear"));
    Map<String, Integer> ranks = new LinkedHashMap<>();
    ranks.put("0.*q_proj", 3);
    ranks.put("q_proj", 4);
    LoraConfig.Patterns patterns = new LoraConfig.Patterns(ranks, Map.of());
    LoraConfig lora = new LoraConfig(2, 4, 0, false, targets, patterns);
    assertThat(lora.rank("model.layers.0.self_attn.q_proj")).isEqualTo(3);
    assertThat(lora.rank("model.layers.1.self_attn.q_proj")).isEqualTo(4);
    assertThat(lora.rank("model.layers.1.self_attn.freq_proj")).isEqualTo(2);
  }
}
