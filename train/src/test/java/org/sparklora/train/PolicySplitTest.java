package org.sparklora.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sparklora.model.AdapterStep;
import org.sparklora.model.Decoder;
import org.sparklora.model.PolicyBatch;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.StepResult;
import org.sparklora.model.TinyCheckpoint;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.AccumulationWindow;
import org.sparklora.model.loss.GrpoLoss;
import org.sparklora.model.loss.GrpoLossConfig;
import org.sparklora.model.loss.GrpoLossConfig.LossType;
import org.sparklora.model.loss.GrpoLossConfigs;
import org.sparklora.model.loss.PolicyTargets;
import org.sparklora.model.loss.TokenLogProbs;

/** Completions without an advantage, left out of backward. */
class PolicySplitTest {
  /** Sums of float32 numbers near 1 in another order. */
  private static final float ROUNDING = 1e-5f;

  private final Engine engine = EnginesUnderTest.reference();

  private static PolicyRow row(float advantage, boolean masked, int... completion) {
    float[] old = new float[completion.length];
    Arrays.fill(old, -2.4f);
    return PolicyRow.of(new int[] {1, 2, 3}, completion, advantage, masked).withOld(old);
  }

  @ParameterizedTest
  @EnumSource(LossType.class)
  void lossGradientAndMetricsAreThoseOfTheWholeMicroBatch(LossType type, @TempDir Path folder)
      throws IOException {
    CheckpointFolder checkpoint = TinyCheckpoint.write(folder, TinyCheckpoint.config("qwen3"));
    AdapterLayout layout =
        AdapterLayout.of(
            new LoraConfig(2, 4, 0, false, LoraTargets.names(List.of("all-linear"))),
            checkpoint.config());
    AdapterStep step =
        new AdapterStep(Decoder.load(checkpoint, layout, engine, Precision.FLOAT32), engine, false);
    Tensor parameters = TinyCheckpoint.random(new Random(3), 0, 0.3, layout.size());
    List<PolicyRow> rows =
        List.of(
            row(0, false, 5, 6),
            row(1, false, 7, 8, 9),
            row(0, false, 10),
            row(-1, true, 4, 4),
            row(-0.5f, false, 5, 5, 1, 0));
    AccumulationWindow window = AccumulationWindow.of(2, 20, 2);
    GrpoLossConfig config = GrpoLossConfigs.of(type, GrpoLossConfig.Level.TOKEN, 0, 1);
    PolicyBatch whole = PolicyBatch.of(rows);
    GrpoLoss loss = new GrpoLoss(config, whole.targets(), window, 0);
    Tensor expected = engine.allocate(layout.size());
    StepResult result = step.lossAndGradient(parameters, whole.packed(), loss, 0, expected);

    PolicySplit split = PolicySplit.of(rows, true);
    assertThat(split.trained().targets().completions())
        .extracting(PolicyTargets.Completion::length)
        .containsExactly(0, 3, 0, 0, 4);
    assertThat(split.flat().targets().completions())
        .extracting(PolicyTargets.Completion::length)
        .containsExactly(2, 1);
    Tensor gradient = engine.allocate(layout.size());
    StepResult trained =
        step.lossAndGradient(
            parameters,
            split.trained().packed(),
            new GrpoLoss(config, split.trained().targets(), window, 0),
            0,
            gradient);
    TokenLogProbs flat = step.logProbs(parameters, split.flat().packed(), 1f);

    assertThat(trained.loss()).isCloseTo(result.loss(), within((double) ROUNDING));
    assertThat(gradient.toArray()).containsExactly(expected.toArray(), within(ROUNDING));
    float[] logProbs = split.merge(trained.logProbs().logProbs(), flat.logProbs());
    float[] entropies = split.merge(trained.logProbs().entropies(), flat.entropies());
    assertThat(logProbs).containsExactly(result.logProbs().logProbs(), within(ROUNDING));
    var metrics = loss.metrics(logProbs, entropies);
    loss.metrics(result.logProbs().logProbs(), result.logProbs().entropies())
        .forEach(
            (name, value) ->
                assertThat(metrics.get(name)).as(name).isCloseTo(value, within((double) ROUNDING)));
  }
}
