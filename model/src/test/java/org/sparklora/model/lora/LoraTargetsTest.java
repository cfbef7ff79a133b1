package org.sparklora.model.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** PEFT's rules, {@code check_target_module_exists} and {@code all-linear}. */
class LoraTargetsTest {
  private static final List<String> LINEARS =
      List.of(
          "model.layers.0.self_attn.q_proj",
          "model.layers.0.mlp.up_proj",
          "model.layers.10.self_attn.q_proj",
          "model.layers.10.mlp.up_proj",
          "lm_head");

  @Test
  void allLinearIsAllButTheHead() {
    assertThat(LoraTargets.names(List.of("all-linear")).select(LINEARS))
        .isEqualTo(LINEARS.subList(0, 4));
    assertThat(LoraTargets.ofFlag(List.of("ALL-LINEAR")).select(LINEARS))
        .isEqualTo(LINEARS.subList(0, 4));
  }

  @Test
  void headCanBeNamedBesides() {
    assertThat(LoraTargets.ofFlag(List.of("all-linear", "lm_head")).select(LINEARS))
        .isEqualTo(LINEARS);
  }

  @Test
  void namesMatchWholeNamesAndWholePartsAtTheEnd() {
    assertThat(LoraTargets.names(List.of("q_proj")).select(LINEARS))
        .containsExactly(LINEARS.get(0), LINEARS.get(2));
    assertThat(LoraTargets.names(List.of("0.self_attn.q_proj")).select(LINEARS))
        .as("not layer 10's: a name begins after a dot")
        .containsExactly(LINEARS.get(0));
    assertThat(LoraTargets.names(List.of("model.layers.10.mlp.up_proj", "nothing")).select(LINEARS))
        .containsExactly(LINEARS.get(3));
    assertThatThrownBy(() -> LoraTargets.names(List.of("proj")).select(LINEARS))
        .hasMessageContaining("Cannot find a linear layer");
  }

  @Test
  void oneFlagValueIsAnExpressionForTheWholeName() {
    assertThat(LoraTargets.ofFlag(List.of(".*\\.(?P<layer_kind>q|k)_proj")).select(LINEARS))
        .containsExactly(LINEARS.get(0), LINEARS.get(2));
    assertThatThrownBy(() -> LoraTargets.ofFlag(List.of("q_proj")).select(LINEARS))
        .hasMessageContaining("target_modules 'q_proj'")
        .hasMessageContaining("model.layers.N.self_attn.q_proj")
        .hasMessageContaining("lm_head");
    assertThatThrownBy(() -> LoraTargets.ofFlag(List.of("(")))
        .hasMessageContaining("not a regular expression");
  }

  /** PEFT looks at the block of names it finds by their end, and not of full names. */
  @Test
  void namesCanBeThoseOfSomeBlocks() {
    List<String> names = List.of("q_proj", "mlp.up_proj", "lm_head");
    for (List<String> patterns : List.of(List.<String>of(), List.of("blocks", "layers"))) {
      LoraTargets targets =
          new LoraTargets(
              new LoraTargets.Names(names, List.of(1, 10), patterns),
              new LoraTargets.Names(List.of()));
      assertThat(targets.select(LINEARS)).isEqualTo(LINEARS.subList(2, 5));
    }
    LoraTargets none =
        new LoraTargets(
            new LoraTargets.Names(names, List.of(10), List.of("blocks")),
            new LoraTargets.Names(List.of()));
    assertThat(none.select(LINEARS)).containsExactly("lm_head");
  }

  @Test
  void excludedLayersAreTakenOut() {
    LoraTargets targets = LoraTargets.names(List.of("all-linear"));
    assertThat(
            new LoraTargets(targets.include(), new LoraTargets.Names(List.of("up_proj")))
                .select(LINEARS))
        .containsExactly(LINEARS.get(0), LINEARS.get(2));
    assertThat(
            new LoraTargets(targets.include(), new LoraTargets.Expression(".*\\.0\\..*"))
                .select(LINEARS))
        .containsExactly(LINEARS.get(2), LINEARS.get(3));
  }

  @Test
  void refusesTheEmbedding() {
    assertThatThrownBy(() -> LoraTargets.names(List.of("q_proj", "embed_tokens")).select(LINEARS))
        .hasMessageContaining("model.embed_tokens");
  }

  @Test
  void refusesNothing() {
    assertThatThrownBy(() -> LoraTargets.ofFlag(List.of())).hasMessageContaining("all-linear");
  }
}
