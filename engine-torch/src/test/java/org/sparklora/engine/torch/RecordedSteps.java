package org.sparklora.engine.torch;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.sparklora.model.Decoder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.Generator;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;

/** Completions on processors whose tensors are apart, by a small model with a window, adapted. */
public final class RecordedSteps {
  static final SamplingRule RULE = new SamplingRule(0.7f, 20, 0.9f, 0.01f, 1);

  /** One of two layers has a window, which texts outgrow. */
  private static final DecoderConfig SHAPE =
      CountedRun.shape(
          List.of(
              new DecoderConfig.Layer(24, Optional.of(CountedRun.ROPE), Optional.empty()),
              new DecoderConfig.Layer(Branch.ALL, Optional.of(CountedRun.ROPE), Optional.empty())));

  private RecordedSteps() {}

  /** What {@link Calls} sees: the device refuses to record, so that all operators are called. */
  public static void run() {
    Recorder refuses =
        new Recorder() {
          @Override
          public void warmUp(Runnable operators) {
            operators.run();
          }

          @Override
          public Optional<Recording> record(Runnable operators) {
            return Optional.empty();
          }
        };
    completions(Optional.of(refuses), RULE, 20, 9);
  }

  /**
   * @param longest of three prompts, in tokens
   * @param tokens of the longest completion
   */
  static List<Completion> completions(
      Optional<Recorder> recorder, SamplingRule rule, int longest, int tokens) {
    TorchKernels kernels = new TorchKernels(TorchDevice.ofProcessorsApart(recorder), 1);
    try (Engine engine = EnginesUnderTest.of(kernels)) {
      LoraConfig lora = new LoraConfig(4, 8, 0, false, LoraTargets.ofFlag(List.of("all-linear")));
      AdapterLayout layout = AdapterLayout.of(lora, SHAPE);
      try (Decoder decoder = Decoder.ofRandomWeights(SHAPE, layout, engine, Precision.FLOAT32);
          Tensor adapter = engine.allocate(layout.size());
          Generator generator = new Generator(decoder, engine, 6)) {
        engine.fill(adapter, 0.02f);
        return generator.generate(
            adapter,
            List.of(prompt(0, longest), prompt(1, 3), prompt(2, longest / 2), prompt(3, 5)),
            new SamplingConfig(3, tokens, rule, Set.of(0, 1, 2, 3), 5));
      }
    }
  }

  private static Prompt prompt(int id, int length) {
    return new Prompt(id, IntStream.range(0, length).map(n -> (7 * n + id) % 60 + 4).toArray());
  }
}
