package org.sparklora.spark.grpo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.sparklora.model.PolicyBatch;
import org.sparklora.model.PolicyRow;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.workers.SharedVector;
import org.sparklora.spark.workers.Work;
import org.sparklora.spark.workers.Workers;

/**
 * Log-probabilities of tokens that were drawn, as training computes them. Who is computed together
 * decides how sums round, so it is the same whoever computes them.
 *
 * @param rows completions of a micro-batch
 */
record LogProbStage(Workers workers, TrainedModel model, float temperature, int rows) {

  /**
   * One a token, of each completion. A prompt's completions are computed together, so that the
   * prompt is computed once, as far as a micro-batch's memory allows.
   */
  List<float[]> run(SharedVector parameters, List<Generation> generations) {
    return runBatches(
        parameters, batches(generations.stream().map(LogProbStage::row).toList(), rows));
  }

  /**
   * What is trained on, with its log-probabilities under the reference policy. They are computed in
   * the very micro-batches that training computes: a policy that is still the reference differs
   * from it by exactly nothing then. Where no reward tells completions apart, Adam would make whole
   * steps of the least difference.
   *
   * @param trained in the order in which micro-batches are cut from it; what is masked in it is not
   *     computed, and stays as it is
   */
  List<PolicyRow> withReference(SharedVector reference, List<PolicyRow> trained) {
    List<List<PolicyRow>> microBatches = new ArrayList<>();
    for (int from = 0; from < trained.size(); from += rows) {
      List<PolicyRow> microBatch =
          trained.subList(from, Math.min(from + rows, trained.size())).stream()
              .filter(row -> !row.masked())
              .toList();
      if (!microBatch.isEmpty()) {
        microBatches.add(microBatch);
      }
    }
    Iterator<float[]> logProbs = runBatches(reference, microBatches).iterator();
    return trained.stream()
        .map(row -> row.masked() ? row : row.withReference(logProbs.next()))
        .toList();
  }

  private static PolicyRow row(Generation generation) {
    return PolicyRow.of(generation.prompt().tokens(), generation.tokens(), 0, false);
  }

  private List<float[]> runBatches(SharedVector parameters, List<List<PolicyRow>> batches) {
    List<float[]> all = new ArrayList<>();
    workers.forEach(
        workers.shares(batches),
        new Score(model, parameters, temperature),
        part -> all.addAll(Arrays.asList(part)));
    return all;
  }

  /**
   * Divides completions, which stay in their order. A batch has {@code rows} of them, and more only
   * if they go on with its last prompt and it stays below the tokens of {@code rows} of the longest
   * sequence, which is what training must have memory for.
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
      implements Work<List<List<PolicyRow>>, float[][]> {
    @Override
    public String verb() {
      return "compute log-probabilities";
    }

    @Override
    public float[][] run(List<List<PolicyRow>> batches) {
      List<float[]> all = new ArrayList<>();
      try (ExecutorModel here = ExecutorModel.of(model)) {
        for (List<PolicyRow> batch : batches) {
          PolicyBatch packed = PolicyBatch.of(batch);
          float[] joined = here.logProbs(parameters.vector(), packed.packed(), temperature);
          int from = 0;
          for (PolicyRow row : batch) {
            all.add(Arrays.copyOfRange(joined, from, from + row.completion().length));
            from += row.completion().length;
          }
        }
      }
      return all.toArray(float[][]::new);
    }
  }
}
