package org.sparklora.spark.grpo;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.reward.job.Scoring;
import org.sparklora.spark.generate.AdaptedModel;
import org.sparklora.spark.run.InitialParameters;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.grpo.GenerateStage;
import org.sparklora.train.grpo.LogProbStage;
import org.sparklora.train.grpo.Round;
import org.sparklora.train.step.PolicyUpdates;
import org.sparklora.train.step.TrainedVectors;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/**
 * The policy, and the workers that compute and judge it.
 *
 * @param workers train, and compute log-probabilities
 * @param updates holds the current parameters
 * @param reference the reference policy, if the loss needs one
 * @param rewards the second stage: judges the completions of a round
 */
record Policy(
    GrpoConfig config,
    Workers workers,
    PolicyUpdates updates,
    Optional<Reference> reference,
    Rollouts rollouts,
    RewardStage rewards)
    implements AutoCloseable {

  /** The loss's reference policy. */
  record Reference(TrainedModel model, SharedVector shared) {

    /** The teacher, else the initial parameters, if the loss needs a reference policy. */
    static Optional<Reference> of(
        GrpoConfig config, InitialParameters initial, Teacher teacher, Workers workers)
        throws IOException {
      if (teacher.model().isPresent()) {
        AdaptedModel model = teacher.model().get();
        return Optional.of(new Reference(model.model(), workers.lend(model.parameters())));
      }
      return config.loss().divergence().beta() > 0
          ? Optional.of(new Reference(initial.model(), workers.share(initial.vector())))
          : Optional.empty();
    }
  }

  /** The policy of a run, which closes the reference; {@code workers} train it. */
  static Policy of(
      GrpoConfig config,
      TrainedVectors vectors,
      Optional<Reference> reference,
      Workers workers,
      Rollouts rollouts,
      Optional<ExternalRewardsJob> external) {
    return new Policy(
        config,
        workers,
        new PolicyUpdates(workers, vectors, config.batch().outer()),
        reference,
        rollouts,
        new RewardStage(
            rollouts.servers().isPresent() ? workers : rollouts.workers(),
            Scoring.of(config.rewards().functions(), config.rewards().advantages()),
            external));
  }

  /** The model that is trained. */
  TrainedModel model() {
    return updates.model();
  }

  /**
   * Whether the step that trains on a round also computes the log-probabilities for the guard,
   * which saves a forward pass: only if it is on-policy and without dropout.
   */
  boolean isComparedInStep() {
    boolean dropsOut =
        model().layout() instanceof AdapterLayout adapter && adapter.config().dropout() > 0;
    return config.batch().isOnPolicy() && !dropsOut;
  }

  /** The first stage: a version of the policy draws completions of prompts. */
  List<Generation> complete(
      List<Prompt> prompts, SamplingConfig with, PolicyUpdates.Version version) {
    synchronized (rollouts) { // servers hold one version at a time
      return new GenerateStage(
              rollouts.workers(),
              rollouts.sampler(model(), version),
              model().tokenizer(),
              with,
              version.steps())
          .run(prompts);
    }
  }

  /** Log-probabilities, as training computes them, of {@code rows} completions at once. */
  LogProbStage logProbs(int rows) {
    return logProbs(model(), rows);
  }

  private LogProbStage logProbs(TrainedModel computed, int rows) {
    return new LogProbStage(workers, computed, config.loss().temperature(), rows);
  }

  /** The loss's input of a completion, on-policy and without a reference. */
  PolicyRow row(ScoredGeneration scored) {
    Generation generation = scored.generation();
    return PolicyRow.of(
        generation.prompt().tokens(),
        generation.tokens(),
        config.rewards().teacher().isPresent() ? 0 : (float) scored.advantage(),
        config.batch().maskTruncated() && generation.isTruncated());
  }

  /** Rows with the reference policy's log-probabilities, if the loss needs them, in batches. */
  List<PolicyRow> withReference(List<PolicyRow> rows, int batch) {
    return reference
        .map(policy -> logProbs(policy.model, batch).withReference(policy.shared, rows))
        .orElse(rows);
  }

  /** A checkpoint's round, which lacks these log-probabilities if {@code beta} was 0. */
  Round withReference(Round round) {
    return Round.trusted(withReference(round.rows(), config.batch().rows()), round.scored());
  }

  @Override
  public void close() {
    updates.close();
    reference.ifPresent(policy -> policy.shared.close());
  }
}
