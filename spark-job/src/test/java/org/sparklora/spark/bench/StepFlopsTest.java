package org.sparklora.spark.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.checkpoint.DecoderConfig;

class StepFlopsTest {
  private static final DecoderConfig LLAMA = ModelShapes.find("llama-3.1-8b");

  @Test
  void shapesHaveTheirModelsNumbersOfWeights() {
    assertThat(WeightLayout.of(LLAMA).size()).isEqualTo(8_030_261_248L);
    assertThat(WeightLayout.of(ModelShapes.find("qwen3-0.6b")).size()).isEqualTo(596_049_920L);
    assertThat(WeightLayout.of(ModelShapes.find("qwen2.5-3b")).size()).isEqualTo(3_085_938_688L);
    assertThat(WeightLayout.of(ModelShapes.find("smollm2-135m")).size()).isEqualTo(134_515_008L);
  }

  @Test
  void anAdapterOf8bTakesFourTimesItsMatricesAndWhatAttentionDoes() {
    // all weights but the embedding, which multiplies nothing, and the norms
    double matrices = 8_030_261_248L - 128_256L * 4096 - 65 * 4096;
    assertThat(StepFlops.matrices(LLAMA)).isEqualTo(matrices);
    // 2·L·H·D·T of forward, three times
    double attention = 3 * 2.0 * 32 * 32 * 128 * 1000;
    assertThat(StepFlops.training(LLAMA, 100, 1000))
        .isCloseTo(4 * matrices + 600 + attention, within(1.0));
    assertThat(StepFlops.decoding(LLAMA, 500)).isEqualTo(2 * matrices + attention / 3);
  }
}
