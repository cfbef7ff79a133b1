package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.CrossEntropyLoss;

/** Training with products in bfloat16 beside the same in float32, on engines that have them. */
class Bfloat16ProductsTrainingTest {
  private static final int STEPS = 100;
  private static final int TOKENS = 192; // more than are computed row by row
  private static final int WORDS = 24; // few, so that there is something to learn

  /** At 0.5 the first steps overshoot, and enlarge differences of rounding by CPU. */
  private static final float RATE = 0.3f;

  static Stream<Engine> engines() {
    return EnginesUnderTest.all();
  }

  @EachEngine
  @MethodSource("engines")
  void lossesStayWithinAPercentOfFloat32(Engine engine) throws IOException {
    Engine rounding = engine.withProductsIn(DType.BFLOAT16);
    if (rounding == engine) { // whose products stay float32
      assertThat(engine.operandType(TOKENS)).isEqualTo(DType.FLOAT32);
      return;
    }
    float[] inFloat32 = losses(engine);
    float[] inBfloat16 = losses(rounding);
    assertThat(inFloat32[STEPS - 1]).isLessThan(0.9f * inFloat32[0]);
    assertThat(mean(inBfloat16)).isCloseTo(mean(inFloat32), withinPercentage(0.2));
    for (int step = 0; step < STEPS; step++) {
      assertThat(inBfloat16[step])
          .as("step %d", step)
          .isCloseTo(inFloat32[step], withinPercentage(1));
    }
  }

  private static double mean(float[] losses) {
    return IntStream.range(0, STEPS).mapToDouble(step -> losses[step]).average().orElseThrow();
  }

  private static float[] losses(Engine engine) throws IOException {
    try (CheckpointFolder checkpoint = new GoldenModel("llama-tiny").checkpoint()) {
      LoraConfig lora = new LoraConfig(16, 32, 0, false, LoraTargets.names(List.of("all-linear")));
      AdapterLayout layout = AdapterLayout.of(lora, checkpoint.config());
      float[] losses = new float[STEPS];
      try (Tensor parameters = engine.allocate(layout.size());
          Tensor gradient = engine.allocate(layout.size());
          Decoder decoder = Decoder.load(checkpoint, layout, engine, Precision.FLOAT32);
          AdapterStep step = new AdapterStep(decoder, engine, false)) {
        layout.initialize(parameters, 1);
        for (int i = 0; i < STEPS; i++) {
          engine.fill(gradient, 0);
          losses[i] =
              (float)
                  step.lossAndGradient(
                          parameters, batch(i), new CrossEntropyLoss(TOKENS), i, gradient)
                      .loss();
          engine.addScaled(gradient, -RATE, parameters);
        }
      }
      return losses;
    }
  }

  private static PackedBatch batch(int step) {
    int[] ids = new Random(step).ints(TOKENS, 3, 3 + WORDS).toArray();
    return PackedBatch.of(
        List.of(new PackedBatch.Row(ids, ids, new int[] {TOKENS / 2, TOKENS - TOKENS / 2})));
  }
}
