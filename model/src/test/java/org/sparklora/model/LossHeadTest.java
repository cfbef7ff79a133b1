package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.Workspace;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.CrossEntropyLoss;
import org.sparklora.model.loss.TokenLoss.Dependence;

/** Rows of logits in chunks of any size give what all of them at once give. */
class LossHeadTest {
  /** Sums of float32 numbers near 1 in another order. */
  private static final float ROUNDING = 1e-5f;

  private static final int ALL_ROWS = 100;
  private static final CrossEntropyLoss LOSS = new CrossEntropyLoss(6);
  private static final PackedBatch BATCH =
      PackedBatch.of(
          List.of(
              PackedBatch.Row.of(
                  new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9},
                  new int[] {1, 2, -100, 4, 5, -100, 7, 8, 9})));

  private final Engine engine = EnginesUnderTest.reference();
  private final Workspace workspace = new Workspace(engine);
  private final Tensor stream = TinyCheckpoint.random(new Random(8), 0, 1, 9, 8);
  private Decoder decoder;
  private Tensor parameters;

  @BeforeEach
  void load(@TempDir Path folder) throws IOException {
    try (CheckpointFolder checkpoint =
        TinyCheckpoint.write(folder, TinyCheckpoint.config("llama"))) {
      LoraTargets head = LoraTargets.names(List.of("lm_head"));
      AdapterLayout layout =
          AdapterLayout.of(new LoraConfig(2, 4, 0, false, head), checkpoint.config());
      decoder = Decoder.load(checkpoint, layout, engine, Precision.FLOAT32);
      parameters = TinyCheckpoint.random(new Random(9), 0, 0.5, layout.size());
    }
  }

  private record Outcome(StepResult result, float[] gradient, float[] dStream) {}

  private Outcome run(int chunkRows, Dependence dependence) {
    Tensor gradient = engine.allocate(parameters.size());
    Tensor dStream = engine.allocate(stream.shape());
    DecoderStack stack =
        decoder.bind(parameters, Optional.of(gradient), Optional.empty(), Optional.empty());
    LossHead head = new LossHead(workspace, engine, stack.norm(), stack.head(), 11, chunkRows);
    StepResult result = head.lossAndGradient(stream, BATCH, LOSS, dependence, dStream).await();
    return new Outcome(result, gradient.toArray(), dStream.toArray());
  }

  @ParameterizedTest(name = "chunks of {0}, gradients depend on {1}")
  @CsvSource({
    "1, OWN_TARGET",
    "4, OWN_TARGET",
    "6, OWN_TARGET",
    "1, ALL_TARGETS",
    "4, ALL_TARGETS",
    "100, ALL_TARGETS",
    "1, NOTHING",
    "4, NOTHING"
  })
  void chunksGiveWhatAllRowsAtOnceGive(int chunkRows, Dependence dependence) {
    Outcome expected = run(ALL_ROWS, Dependence.OWN_TARGET);
    Outcome actual = run(chunkRows, dependence);

    assertThat(actual.result.loss()).isCloseTo(expected.result.loss(), within(1e-6));
    assertThat(actual.result.logProbs().logProbs())
        .containsExactly(expected.result.logProbs().logProbs());
    assertThat(actual.gradient).containsExactly(expected.gradient, within(ROUNDING));
    assertThat(actual.dStream).containsExactly(expected.dStream, within(ROUNDING));
  }

  @Test
  void onlyTokensWithATargetGetAGradient() {
    float[] dStream = run(ALL_ROWS, Dependence.OWN_TARGET).dStream;
    for (int n = 0; n < BATCH.tokenCount(); n++) {
      float[] row = java.util.Arrays.copyOfRange(dStream, n * 8, n * 8 + 8);
      if (BATCH.targets()[n] == PackedBatch.NO_TARGET) {
        assertThat(row).as("token %d", n).containsOnly(0f);
      } else {
        assertThat(row).as("token %d", n).doesNotContain(0f);
      }
    }
  }
}
