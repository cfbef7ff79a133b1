package org.sparklora.train.vllm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.TokenizerDialect;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.TestModels;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.vector.FlatVector;

/**
 * A stand-in for vLLM that draws with this project's decoder, from the adapters that it was told to
 * load.
 *
 * @param folder of the base model
 */
public record DecoderDrawing(Path folder) implements VllmStandIn.Drawing {
  /** A server of a model. */
  public static VllmStandIn serve(Path folder) throws IOException {
    Tokenizer tokenizer = Tokenizer.load(folder, TokenizerDialect.FILE);
    return new VllmStandIn(new DecoderDrawing(folder), text -> tokenizer.encode(text, false));
  }

  @Override
  public synchronized List<Completion> draw(Path adapter, Prompt prompt, SamplingConfig sampling) {
    if (adapter == null) {
      TrainedModel base = TrainedModel.frozen(TestModels.source(folder), Precision.FLOAT32);
      return draw(base, new FlatVector(0), prompt, sampling);
    }
    try {
      AdapterFile file =
          AdapterFile.open(adapter, DecoderConfig.read(folder.resolve("config.json")));
      TrainedModel model =
          TrainedModel.adapter(
              TestModels.source(folder), file.layout().config(), Precision.FLOAT32, false, 0);
      FlatVector factors = new FlatVector(file.layout().size());
      Engine engine = Engines.host();
      file.load(engine, engine.alias(factors.pointer(), factors.size()).tensor());
      return draw(model, factors, prompt, sampling);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Completion> draw(
      TrainedModel model, FlatVector parameters, Prompt prompt, SamplingConfig sampling) {
    try (parameters;
        ExecutorModel here = ExecutorModel.of(model)) {
      return here.generate(parameters, List.of(prompt), sampling);
    }
  }
}
