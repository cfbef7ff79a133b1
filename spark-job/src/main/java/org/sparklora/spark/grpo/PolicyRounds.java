package org.sparklora.spark.grpo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.PolicyBatch;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.text.Tokenizer;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.reward.Reward;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.FlatVector;
import org.sparklora.spark.train.RowOrder;

/**
 * Draws rounds with the policy as it is: prompts → completions → rewards → advantages → the guard.
 *
 * <p>Not thread-safe.
 */
final class PolicyRounds implements Round.Source {
  private static final long ROUND_MIX = 0x9e3779b97f4a7c15L;

  private final GrpoConfig config;
  private final List<Prompt> prompts;
  private final PromptOrder order;
  private final Policy policy;
  private final Tokenizer tokenizer;
  private final List<Reward> rewards;

  /**
   * The policy in this process.
   *
   * @param model computes
   * @param parameters those that are trained, as they are at each call
   * @param reference those of the reference policy, where the loss needs one
   * @param sampling with the tokens that end a completion
   * @param needsOldLogProbs whether the loss is given the learner's log-probabilities as they are
   *     when a round is drawn
   */
  record Policy(
      ExecutorModel model,
      Pointer parameters,
      Optional<FlatVector> reference,
      SamplingConfig sampling,
      boolean needsOldLogProbs) {}

  PolicyRounds(
      GrpoConfig config,
      List<Prompt> prompts,
      PromptOrder order,
      Policy policy,
      Tokenizer tokenizer) {
    this.config = config;
    this.prompts = prompts;
    this.order = order;
    this.policy = policy;
    this.tokenizer = tokenizer;
    this.rewards = config.rewards().rewards();
  }

  @Override
  public Round draw(int number) {
    int[] chosen = order.round(number);
    List<Completion> completions = generate(chosen, number);
    Judged judged = judge(completions);
    double[] advantages = judged.advantages(config.advantages());
    List<float[]> learner = logProbs(policy.parameters(), completions);
    LogProbGuard guard = guard(completions, learner).require(number);
    List<PolicyBatch.Row> rows = rows(completions, advantages, learner);

    Map<String, Double> metrics = new LinkedHashMap<>(CompletionLengths.metrics(completions));
    metrics.putAll(judged.metrics(config.advantages()));
    metrics.putAll(guard.metrics());
    return new Round(shuffled(rows, number), metrics, tokens(rows));
  }

  /** The same for the same seed, prompts and parameters. */
  private List<Completion> generate(int[] chosen, int number) {
    List<org.sparklora.model.generate.Prompt> asked =
        Arrays.stream(chosen)
            .mapToObj(
                row -> new org.sparklora.model.generate.Prompt(row, prompts.get(row).tokens()))
            .toList();
    SamplingConfig sampling = policy.sampling();
    return policy
        .model()
        .generate(
            policy.parameters(),
            asked,
            new SamplingConfig(
                sampling.numGenerations(),
                sampling.maxCompletionLength(),
                sampling.temperature(),
                sampling.topK(),
                sampling.topP(),
                sampling.minP(),
                sampling.repetitionPenalty(),
                sampling.endTokens(),
                sampling.seed() + ROUND_MIX * number));
  }

  private Prompt prompt(Completion completion) {
    return prompts.get((int) completion.promptId());
  }

  private Judged judge(List<Completion> completions) {
    double[][] all = new double[completions.size()][];
    for (int c = 0; c < all.length; c++) {
      Completion completion = completions.get(c);
      Prompt prompt = prompt(completion);
      var judgeable =
          new org.sparklora.reward.Completion(
              tokenizer.decode(completion.tokens(), true),
              prompt.solution(),
              OptionalInt.of(completion.tokens().length),
              prompt.columns());
      all[c] = rewards.stream().mapToDouble(reward -> reward.judge(judgeable).reward()).toArray();
    }
    return new Judged(
        rewards.stream().map(Reward::name).toList(),
        config.rewards().weights().stream().mapToDouble(Double::doubleValue).toArray(),
        all,
        config.sampling().numGenerations());
  }

  /**
   * Log-probabilities of the completions' tokens, as many completions at a time as a micro-batch
   * has.
   */
  private List<float[]> logProbs(Pointer parameters, List<Completion> completions) {
    List<float[]> all = new ArrayList<>();
    int rows = config.batch().rows();
    for (int start = 0; start < completions.size(); start += rows) {
      List<Completion> some =
          completions.subList(start, Math.min(start + rows, completions.size()));
      PolicyBatch batch =
          PolicyBatch.of(
              some.stream()
                  .map(one -> row(one, 0, false, Optional.empty(), Optional.empty()))
                  .toList());
      float[] joined =
          policy.model().logProbs(parameters, batch.packed(), config.loss().temperature());
      int from = 0;
      for (Completion completion : some) {
        all.add(Arrays.copyOfRange(joined, from, from + completion.tokens().length));
        from += completion.tokens().length;
      }
    }
    return all;
  }

  private LogProbGuard guard(List<Completion> completions, List<float[]> learner) {
    LogProbGuard guard = new LogProbGuard(config.maxLogProbDifference());
    for (int c = 0; c < completions.size(); c++) {
      guard.compare(completions.get(c).logProbs(), learner.get(c));
    }
    return guard;
  }

  private List<PolicyBatch.Row> rows(
      List<Completion> completions, double[] advantages, List<float[]> learner) {
    Optional<List<float[]>> reference =
        policy.reference().map(vector -> logProbs(vector.pointer(), completions));
    List<PolicyBatch.Row> rows = new ArrayList<>();
    for (int c = 0; c < advantages.length; c++) {
      int number = c;
      boolean masked =
          config.batch().maskTruncated()
              && completions.get(c).stopReason() == Completion.StopReason.LENGTH;
      rows.add(
          row(
              completions.get(c),
              (float) advantages[c],
              masked,
              policy.needsOldLogProbs() ? Optional.of(learner.get(c)) : Optional.empty(),
              reference.map(all -> all.get(number))));
    }
    return rows;
  }

  private PolicyBatch.Row row(
      Completion completion,
      float advantage,
      boolean masked,
      Optional<float[]> old,
      Optional<float[]> reference) {
    return new PolicyBatch.Row(
        prompt(completion).tokens(), completion.tokens(), advantage, masked, old, reference);
  }

  /** TRL spreads groups over the micro-batches. */
  private List<PolicyBatch.Row> shuffled(List<PolicyBatch.Row> rows, int number) {
    int[] order = RowOrder.RANDOM.rows(rows.size(), config.batch().seed(), number);
    return Arrays.stream(order).mapToObj(rows::get).toList();
  }

  private static long tokens(List<PolicyBatch.Row> rows) {
    return rows.stream().mapToLong(row -> row.prompt().length + row.completion().length).sum();
  }
}
