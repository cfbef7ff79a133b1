package org.sparklora.train.grpo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.sparklora.model.PackedBatch;
import org.sparklora.model.PolicyBatch;
import org.sparklora.model.PolicyRow;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.PolicyMicroBatch;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/**
 * Computes the log-probabilities of drawn tokens as training does, {@code rows} completions in a
 * micro-batch. The rows of a batch affect how sums round, so batches do not depend on the workers.
 */
public record LogProbStage(Workers workers, TrainedModel model, float temperature, int rows) {

  /**
   * The log-probabilities of each completion's tokens. Completions of a prompt share a batch, which
   * computes the prompt once, as far as a micro-batch's memory allows.
   */
  public List<float[]> run(SharedVector parameters, List<Generation> generations) {
    return runBatches(
        parameters, batches(generations.stream().map(LogProbStage::row).toList(), rows));
  }

  /**
   * Rows to train on, with log-probabilities under the reference policy. They are computed in the
   * same micro-batches as in training: a policy that still equals the reference then differs from
   * it by exactly zero. If all rewards are equal, Adam would scale any rounding error to a full
   * step.
   *
   * @param trained rows in the order in which they are cut into micro-batches; masked rows are not
   *     computed, and stay as they are, as do all if none lacks these log-probabilities
   */
  public List<PolicyRow> withReference(SharedVector reference, List<PolicyRow> trained) {
    if (trained.stream().noneMatch(LogProbStage::lacksReference)) {
      return trained;
    }
    List<List<PolicyRow>> microBatches =
        Workers.batches(trained, rows).stream()
            .map(batch -> batch.stream().filter(row -> !row.masked()).toList())
            .filter(batch -> !batch.isEmpty())
            .toList();
    Iterator<float[]> logProbs = runBatches(reference, microBatches).iterator();
    return trained.stream()
        .map(row -> row.masked() ? row : row.withReference(logProbs.next()))
        .toList();
  }

  private static boolean lacksReference(PolicyRow row) {
    return row.targetCount() > 0 && row.ofTokens().referenceLogProbs().length == 0;
  }

  private static PolicyRow row(Generation generation) {
    return PolicyRow.of(generation.prompt().tokens(), generation.tokens(), 0, false);
  }

  private List<float[]> runBatches(SharedVector parameters, List<List<PolicyRow>> batches) {
    List<float[]> all = new ArrayList<>();
    workers.forEach(
        "compute log-probabilities",
        workers.shares(batches),
        new Score(model, parameters, temperature),
        all::addAll);
    return all;
  }

  /**
   * Divides completions into batches, in their order. A batch has {@code rows} completions; it has
   * more only if they continue its last prompt and its tokens are at most {@code rows} times the
   * longest sequence, for which training must have memory.
   */
  static List<List<PolicyRow>> batches(List<PolicyRow> all, int rows) {
    long most = rows * all.stream().mapToLong(PolicyRow::length).max().orElse(0);
    List<List<PolicyRow>> batches = new ArrayList<>();
    List<PolicyRow> batch = new ArrayList<>();
    long tokens = 0;
    for (PolicyRow row : all) {
      boolean samePrompt =
          !batch.isEmpty() && Arrays.equals(batch.get(batch.size() - 1).prompt(), row.prompt());
      long added = samePrompt ? row.completion().length : row.length();
      if (batch.size() >= rows && !(samePrompt && tokens + added <= most)) {
        batches.add(batch);
        batch = new ArrayList<>();
        tokens = 0;
        added = row.length();
      }
      batch.add(row);
      tokens += added;
    }
    if (!batch.isEmpty()) {
      batches.add(batch);
    }
    return batches;
  }

  private record Score(TrainedModel model, SharedVector parameters, float temperature)
      implements Workers.Work<List<List<PolicyRow>>, List<float[]>> {
    @Override
    public List<float[]> run(List<List<PolicyRow>> batches) {
      List<float[]> all = new ArrayList<>();
      try (ExecutorModel here = ExecutorModel.of(model)) {
        for (List<PolicyRow> batch : batches) {
          PackedBatch packed = PolicyBatch.of(batch).packed();
          float[] joined = here.logProbs(parameters.vector(), packed, temperature);
          all.addAll(PolicyMicroBatch.ofCompletions(batch, joined));
        }
      }
      return all;
    }
  }
}
