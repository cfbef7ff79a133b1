package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.AdamW;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.GuardedTensor;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.loss.CrossEntropyLoss;

/** Steps of training against torch and PEFT, through all engines. */
class TrainingGoldenTest {
  /** Ten times what an independent float32 implementation deviated. */
  private static final double LOSS = 2e-5;

  private static final double GRADIENT = 5e-5;

  /** Relative. */
  private static final double GRADIENT_NORM = 1e-4;

  static Stream<Arguments> enginesAndModels() {
    return having(golden -> true);
  }

  static Stream<Arguments> enginesAndFullGradients() {
    return having(golden -> !golden.keys("fullgrad.").isEmpty());
  }

  static Stream<Arguments> enginesAndSteps() {
    return having(golden -> golden.json("step_losses") != null);
  }

  private static Stream<Arguments> having(Predicate<GoldenModel> numbers) {
    List<String> names =
        GoldenModel.NAMES.stream().filter(name -> numbers.test(new GoldenModel(name))).toList();
    return EnginesUnderTest.all()
        .flatMap(engine -> names.stream().map(name -> Arguments.of(engine, name)));
  }

  @EachEngine
  @MethodSource("enginesAndSteps")
  void lossesOfTenStepsAreThoseOfPeftAndTorch(Engine engine, String name) throws IOException {
    GoldenModel golden = new GoldenModel(name);
    GoldenModel.Loaded model = golden.adapted(name, engine);
    long size = model.layout().size();
    PackedBatch batch = golden.packedBatch();
    try (Tensor gradient = engine.allocate(size);
        Tensor first = engine.allocate(size);
        Tensor second = engine.allocate(size)) {
      AdamW.Vectors vectors = new AdamW.Vectors(model.parameters(), gradient, first, second);
      double rate = golden.scalar("step_rate");
      for (int step = 1; step <= golden.json("step_losses").size(); step++) {
        assertThat(model.meanLossAndGradient(batch, gradient).loss())
            .as("loss of step %d", step)
            .isCloseTo(golden.json("step_losses").get(step - 1).asDouble(), within(LOSS));
        engine.adamW(vectors, new AdamW(step, rate, 0.9, 0.999, 1e-8, 0, 0, 1));
      }
    }
  }

  @EachEngine
  @MethodSource("enginesAndFullGradients")
  void gradientsOfAllWeightsAreThoseOfTransformers(Engine engine, String name) throws IOException {
    GoldenModel golden = new GoldenModel(name);
    try (CheckpointFolder checkpoint = golden.checkpoint()) {
      WeightLayout layout = WeightLayout.of(checkpoint.config());
      Tensor parameters = engine.allocate(layout.size());
      layout.load(checkpoint, engine, parameters);
      Decoder decoder = Decoder.load(checkpoint, layout, engine, Precision.FLOAT32);
      GoldenModel.Loaded model = new GoldenModel.Loaded(decoder, engine, parameters);
      Tensor gradient = engine.allocate(layout.size());
      StepResult result = model.meanLossAndGradient(golden.batch("labels"), gradient);
      assertThat(result.loss()).isCloseTo(golden.scalar("loss"), within(LOSS));
      for (String key : golden.keys("fullgrad.")) {
        ParameterLayout.Entry entry =
            layout.entry(key.substring("fullgrad.".length())).orElseThrow();
        GuardedTensor.assertClose(
            key, entry.in(gradient).toArray(), golden.floats(key), 1, GRADIENT);
      }
    }
  }

  static Stream<Arguments> enginesAndRouters() {
    return having(golden -> golden.json("router_loss") != null);
  }

  @EachEngine
  @MethodSource("enginesAndRouters")
  void lossOfRoutersIsThatOfTransformers(Engine engine, String name) throws IOException {
    GoldenModel golden = new GoldenModel(name);
    PackedBatch batch = golden.batch("labels");
    CrossEntropyLoss loss =
        new CrossEntropyLoss(
            batch.targetPositions().length, false, golden.scalar("router_loss_weight"));
    try (CheckpointFolder checkpoint = golden.checkpoint()) {
      WeightLayout layout = WeightLayout.of(checkpoint.config());
      Tensor parameters = engine.allocate(layout.size());
      layout.load(checkpoint, engine, parameters);
      Decoder decoder = Decoder.load(checkpoint, layout, engine, Precision.FLOAT32);
      for (long blockBytes : new long[] {Activations.UNLIMITED, 0}) {
        AdapterStep step = new AdapterStep(decoder, engine, blockBytes);
        Tensor gradient = engine.allocate(layout.size());
        StepResult result = step.lossAndGradient(parameters, batch, loss, 0, gradient);
        assertThat(result.routerLoss()).isCloseTo(golden.scalar("router_loss"), within(LOSS));
        assertThat(result.loss()).isCloseTo(golden.scalar("router_total_loss"), within(LOSS));
        assertThat(step.evaluate(parameters, batch, loss).loss())
            .isCloseTo(golden.scalar("router_total_loss"), within(LOSS));
        GoldenModel.assertNorm(gradient, golden.scalar("router_grad_norm"), GRADIENT_NORM);
        for (String key : golden.keys("routergrad.")) {
          String weight = key.substring("routergrad.".length());
          float[] actual = layout.entry(weight).orElseThrow().in(gradient).toArray();
          GuardedTensor.assertClose(key, actual, golden.floats(key), 1, GRADIENT);
        }
      }
    }
  }

  /** On engines with products, or all activations, in bfloat16, whose numbers have 8 bits. */
  @EachEngine
  @MethodSource("enginesAndModels")
  void inBfloat16LossAndGradientStayNearThoseOfPeft(Engine engine, String name) throws IOException {
    Engine rounding = engine.withProductsIn(DType.BFLOAT16);
    if (rounding == engine) {
      return;
    }
    GoldenModel golden = new GoldenModel(name);
    GoldenModel.Loaded model = golden.adapted(name, rounding);
    Tensor gradient = rounding.allocate(model.layout().size());
    StepResult result = model.meanLossAndGradient(golden.packedBatch(), gradient);
    double loss = golden.scalar("lora_packed_loss");
    assertThat(result.loss()).isCloseTo(loss, within(0.01 * loss));
    GoldenModel.assertNorm(gradient, golden.scalar("lora_packed_grad_norm"), 0.05);
  }
}
