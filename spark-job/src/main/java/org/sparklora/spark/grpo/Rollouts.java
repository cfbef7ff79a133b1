package org.sparklora.spark.grpo;

import java.util.List;
import java.util.Optional;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.grpo.GenerateStage;
import org.sparklora.train.grpo.LogProbGuard;
import org.sparklora.train.grpo.Sampler;
import org.sparklora.train.step.PolicyUpdates;
import org.sparklora.train.vllm.VllmServers;
import org.sparklora.train.workers.Workers;

/**
 * How completions are drawn from the policy.
 *
 * @param sampling settings, with the tokens that end a completion
 * @param servers hold a copy of the policy and draw from it; empty: workers do
 * @param workers draw, or ask the servers
 */
record Rollouts(SamplingConfig sampling, Optional<VllmServers> servers, Workers workers)
    implements AutoCloseable {
  /** Tokens that show whether servers hold the policy: enough for a mean. */
  private static final int CHECKED_TOKENS = 16;

  /**
   * Finds the servers, if the settings name any, and checks what they say of themselves.
   *
   * @param prompts that the servers must have room for
   * @param workers all of the run
   * @throws ConfigException if servers lack something
   */
  static Rollouts open(
      GrpoConfig.Rounds rounds,
      TrainedModel model,
      SamplingConfig sampling,
      List<Prompt> prompts,
      Workers workers) {
    return new Rollouts(
        sampling,
        rounds.vllm().map(named -> VllmServers.open(named, model, prompts, sampling)),
        rounds.executors().drawers(workers, rounds.vllm().isPresent()));
  }

  /** Draws from a policy version; servers that lack its parameters load them first. */
  Sampler sampler(TrainedModel model, PolicyUpdates.Version version) {
    return servers
        .map(all -> all.sampler(version.vector(), "v" + version.steps()))
        .orElseGet(() -> new Sampler.Decoder(model, version.shared()));
  }

  /**
   * Checks that each server holds the policy: draws a few tokens from it, and compares their
   * log-probabilities with the learner's.
   *
   * @throws ConfigException naming a server that has other weights
   */
  void requirePolicy(Policy policy, Prompt prompt, int version) {
    if (servers.isEmpty()) {
      return;
    }
    SamplingConfig few =
        new SamplingConfig(
            1,
            Math.min(CHECKED_TOKENS, sampling.maxCompletionLength()),
            sampling.rule(),
            sampling.endTokens(),
            sampling.seed());
    double bound = policy.config().rounds().maxLogProbDifference();
    Sampler sampler = sampler(policy.model(), policy.updates().version(version));
    for (VllmServers.Named one : servers.get().each(sampler)) {
      List<Generation> drawn =
          new GenerateStage(
                  policy.workers(), one.sampler(), policy.model().tokenizer(), few, version)
              .run(List.of(prompt));
      List<float[]> learner = policy.logProbs(1).run(policy.updates().parameters(), drawn);
      try {
        new LogProbGuard(0, bound).compare(List.of(drawn.get(0).logProbs()), learner).require();
      } catch (LogProbGuard.PolicyMismatchException e) {
        throw new ConfigException(
            Flags.VLLM_SERVER_BASE_URL,
            one.url(),
            "it draws from other weights than %s, or was started without --logprobs-mode processed_logprobs (%s)"
                .formatted(policy.model().checkpoint().name(), e.getMessage()));
      }
    }
  }

  @Override
  public void close() {
    servers.ifPresent(VllmServers::close);
  }
}
