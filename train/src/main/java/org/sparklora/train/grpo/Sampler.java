package org.sparklora.train.grpo;

import java.io.Serializable;
import java.util.List;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.workers.SharedVector;

/**
 * A policy that draws completions, on the worker that calls it: this project's decoder, or a client
 * of servers.
 */
public interface Sampler extends Serializable {
  /**
   * The completions of the first prompt by their index, then those of the second, …; the same for
   * the same arguments, up to rounding.
   */
  List<Completion> complete(List<Prompt> prompts, SamplingConfig sampling);

  /** The program that draws, as tables name it. */
  String generator();

  /** This project's decoder, with the vector of the model's trained part. */
  record Decoder(TrainedModel model, SharedVector parameters) implements Sampler {
    @Override
    public List<Completion> complete(List<Prompt> prompts, SamplingConfig sampling) {
      try (ExecutorModel here = ExecutorModel.of(model)) {
        return here.generate(parameters.vector(), prompts, sampling);
      }
    }

    @Override
    public String generator() {
      return Generation.DECODER;
    }
  }
}
