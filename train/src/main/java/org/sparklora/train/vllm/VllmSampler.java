package org.sparklora.train.vllm;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.train.grpo.Sampler;
import org.sparklora.train.meter.ExecutorMeter;

/**
 * A policy that vLLM servers hold. A worker that draws from it divides its prompts over the
 * servers, each prompt's completions in one request.
 *
 * @param model the name of the policy on the servers
 * @param adapter the folder from which a restarted server loads the policy; the empty string for a
 *     base model
 * @param vocabulary the model's number of tokens
 */
record VllmSampler(List<VllmServer> servers, String model, String adapter, int vocabulary)
    implements Sampler {

  VllmSampler on(List<VllmServer> some) {
    return new VllmSampler(some, model, adapter, vocabulary);
  }

  @Override
  public List<Completion> complete(List<Prompt> prompts, SamplingConfig sampling) {
    long started = System.nanoTime();
    List<Completion> completions = new VllmRequests(this, prompts, sampling).run();
    long tokens = completions.stream().mapToLong(one -> one.tokens().length).sum();
    ExecutorMeter.here().generated(tokens, System.nanoTime() - started);
    return completions;
  }

  @Override
  public String generator() {
    return "vllm";
  }

  /** Gives the policy back to a server that has lost it. */
  void restore(VllmServer server) throws IOException {
    if (adapter.isEmpty()) {
      throw server.refused("it no longer offers " + model + "; it serves another model");
    }
    server.load(model, Path.of(adapter));
  }
}
