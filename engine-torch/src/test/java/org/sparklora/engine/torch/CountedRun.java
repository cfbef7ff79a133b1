package org.sparklora.engine.torch;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.bytedeco.javacpp.FloatPointer;
import org.sparklora.model.AdapterStep;
import org.sparklora.model.Decoder;
import org.sparklora.model.PackedBatch;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.StepResult;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.ModelFamily;
import org.sparklora.model.checkpoint.RopeScaling;
import org.sparklora.model.engine.AdamW;
import org.sparklora.model.engine.Arrival;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.tensor.HostAlias;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.generate.Generator;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.CrossEntropyLoss;

/** What {@link OperatorCountTest} watches: a step and tokens of a shape of so many layers. */
public final class CountedRun {
  /** More than products are cut into blocks for. */
  private static final int TOKENS = 144;

  static final DecoderConfig.Rope ROPE = new DecoderConfig.Rope(10_000, new RopeScaling.None());

  private CountedRun() {}

  /** The second of two steps that are alike begins. */
  static void stepBegins() {}

  /** It has ended. */
  static void stepEnds() {}

  /** A step of two micro-batches begins, with the update. */
  static void wholeStepBegins() {}

  /** A call of the generator begins, for so many tokens. */
  static void drawingBegins(int tokens) {}

  /** The end. */
  static void allIsDone() {}

  /**
   * @param arguments number of layers
   */
  public static void main(String[] arguments) {
    int layers = Integer.parseInt(arguments[0]);
    DecoderConfig model = shape(layers);
    LoraConfig lora = new LoraConfig(4, 8, 0, false, LoraTargets.ofFlag(List.of("all-linear")));
    AdapterLayout layout = AdapterLayout.of(lora, model);
    int[] ids = new int[TOKENS];
    Arrays.setAll(ids, i -> i % 50);
    PackedBatch batch = new PackedBatch(ids, ids.clone(), Segments.ofLengths(TOKENS));
    try (Engine engine = Engines.open("torch-apart", 1)) {
      try (Decoder decoder = Decoder.ofRandomWeights(model, layout, engine, Precision.FLOAT32);
          AdapterStep step = new AdapterStep(decoder, engine, false);
          Tensor parameters = engine.allocate(layout.size());
          Tensor gradient = engine.allocate(layout.size())) {
        CrossEntropyLoss loss = new CrossEntropyLoss(TOKENS);
        step.lossAndGradient(parameters, batch, loss, 1, gradient);
        stepBegins();
        step.begin(parameters, batch, loss, 1, gradient);
        stepEnds();
        wholeStep(engine, step, layout.size(), batch, loss);
      }
      try (Decoder decoder =
              Decoder.ofRandomWeights(model, ParameterLayout.none(), engine, Precision.FLOAT32);
          Tensor nothing = engine.allocate(0);
          Generator generator = new Generator(decoder, engine, 4)) {
        for (int tokens : new int[] {6, 5, 6}) { // the first call allocates
          drawingBegins(tokens);
          generator.generate(
              nothing,
              List.of(new Prompt(0, new int[] {1, 2, 3}), new Prompt(1, new int[] {4, 5})),
              new SamplingConfig(2, tokens, SamplingRule.at(1), Set.of(), 1));
        }
      }
    }
    allIsDone();
  }

  private static void wholeStep(
      Engine engine, AdapterStep step, long size, PackedBatch batch, CrossEntropyLoss loss) {
    wholeStepBegins();
    try (FloatPointer parameters = new FloatPointer(new float[(int) size]);
        FloatPointer gradient = new FloatPointer(new float[(int) size]);
        HostAlias onDevice = engine.alias(parameters, size);
        HostAlias sum = engine.aliasOfZeros(gradient, size);
        Tensor first = engine.allocate(size);
        Tensor second = engine.allocate(size)) {
      Arrival<StepResult> one = step.begin(onDevice.tensor(), batch, loss, 1, sum.tensor());
      Arrival<StepResult> other = step.begin(onDevice.tensor(), batch, loss, 2, sum.tensor());
      double scale = 1 / (1 + Math.sqrt(engine.sumOfSquares(sum.tensor())));
      if (one.await().loss() != other.await().loss()) {
        throw new IllegalStateException("Two micro-batches that are alike differ");
      }
      engine.adamW(
          new AdamW.Vectors(onDevice.tensor(), sum.tensor(), first, second),
          new AdamW(1, 1e-3, 0.9, 0.999, 1e-8, 0.1, size, scale));
    }
    stepEnds();
  }

  static DecoderConfig shape(int layers) {
    return shape(DecoderConfig.Layer.alike(layers, ROPE));
  }

  static DecoderConfig shape(List<DecoderConfig.Layer> layers) {
    return new DecoderConfig(
        ModelFamily.LLAMA,
        64,
        32,
        48,
        new DecoderConfig.Attention(new Heads(4, 2, 8), false, false),
        layers,
        1e-6f,
        GateFunction.SILU,
        false,
        true,
        2048,
        OptionalInt.empty(),
        "float32");
  }
}
