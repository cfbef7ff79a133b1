package org.sparklora.spark.grpo;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.reward.job.Scoring;
import org.sparklora.spark.run.InitialParameters;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.grpo.GenerateStage;
import org.sparklora.train.grpo.LogProbStage;
import org.sparklora.train.step.PolicyUpdates;
import org.sparklora.train.step.TrainedVectors;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/**
 * The policy, and the workers that compute and judge it.
 *
 * @param updates holds the current parameters
 * @param reference the reference policy, if the loss needs one
 * @param rollouts how completions are drawn
 * @param rewards the second stage: judges the completions of a round
 */
record Policy(
    GrpoConfig config,
    TrainedModel model,
    PolicyUpdates updates,
    Optional<Reference> reference,
    Rollouts rollouts,
    RewardStage rewards)
    implements AutoCloseable {

  /** The initial parameters as the loss's reference policy; a new adapter equals the base model. */
  record Reference(FlatVector parameters, SharedVector shared) {
    static Reference of(InitialParameters initial, Workers workers) throws IOException {
      FlatVector parameters = new FlatVector(initial.model().layout().size());
      try {
        Engine engine = Engines.host();
        initial.write(engine, engine.alias(parameters.pointer(), parameters.size()).tensor());
        return new Reference(
            parameters, workers.share(FlatVector.over(parameters.pointer(), parameters.size())));
      } catch (IOException | RuntimeException e) {
        parameters.close();
        throw e;
      }
    }
  }

  /**
   * The policy of a run.
   *
   * @param vectors whose parameters are the policy's
   * @param external gives the rewards that are not built in
   */
  static Policy of(
      GrpoConfig config,
      InitialParameters initial,
      TrainedVectors vectors,
      Workers workers,
      Rollouts rollouts,
      Optional<ExternalRewardsJob> external)
      throws IOException {
    TrainedModel model = initial.model();
    return new Policy(
        config,
        model,
        new PolicyUpdates(workers, vectors),
        config.loss().divergence().beta() > 0
            ? Optional.of(Reference.of(initial, workers))
            : Optional.empty(),
        rollouts,
        new RewardStage(
            workers,
            Scoring.of(config.rewards().functions(), config.rewards().advantages()),
            config.rounds().sampling().numGenerations(),
            external));
  }

  /** The workers that compute and judge. */
  Workers workers() {
    return rewards.workers();
  }

  /** Whether each step trains on completions of the policy that it updates. */
  boolean isOnPolicy() {
    return config.batch().shape().isOnPolicy(config.batch().accumulation());
  }

  /**
   * Whether the step that trains on a round also computes the log-probabilities for the guard,
   * which saves a forward pass: only if it is on-policy and without dropout.
   */
  boolean isComparedInStep() {
    boolean dropsOut =
        model.layout() instanceof AdapterLayout adapter && adapter.config().dropout() > 0;
    return isOnPolicy() && !dropsOut;
  }

  /**
   * The first stage: draws completions of prompts.
   *
   * @param version optimizer steps that the policy has taken
   */
  List<Generation> complete(List<Prompt> prompts, SamplingConfig with, int version) {
    return new GenerateStage(
            workers(), rollouts.sampler(updates, version), model.tokenizer(), with, version)
        .run(prompts);
  }

  /**
   * Log-probabilities, as training computes them.
   *
   * @param rows completions that are computed together
   */
  LogProbStage logProbs(int rows) {
    return new LogProbStage(workers(), model, config.loss().temperature(), rows);
  }

  /**
   * Rows to train on, with the reference policy's log-probabilities if the loss needs them.
   *
   * @param batch completions that are computed together
   */
  List<PolicyRow> withReference(List<PolicyRow> rows, int batch) {
    return reference.map(policy -> logProbs(batch).withReference(policy.shared, rows)).orElse(rows);
  }

  @Override
  public void close() {
    updates.close();
    reference.ifPresent(
        policy -> {
          policy.shared.close();
          policy.parameters.close();
        });
  }
}
