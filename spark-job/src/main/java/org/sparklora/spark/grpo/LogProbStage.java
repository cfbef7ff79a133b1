package org.sparklora.spark.grpo;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.sparklora.model.PolicyBatch;
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
    return runBatches(parameters, batches(generations.stream().map(Sequence::of).toList(), rows));
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
  List<PolicyBatch.Row> withReference(SharedVector reference, List<PolicyBatch.Row> trained) {
    List<List<Sequence>> microBatches = new ArrayList<>();
    for (int from = 0; from < trained.size(); from += rows) {
      List<Sequence> microBatch =
          trained.subList(from, Math.min(from + rows, trained.size())).stream()
              .filter(row -> !row.masked())
              .map(row -> new Sequence(row.prompt(), row.completion()))
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

  private List<float[]> runBatches(SharedVector parameters, List<List<Sequence>> batches) {
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
  static List<List<Sequence>> batches(List<Sequence> sequences, int rows) {
    long most = rows * sequences.stream().mapToLong(Sequence::length).max().orElse(0);
    List<List<Sequence>> batches = new ArrayList<>();
    List<Sequence> batch = new ArrayList<>();
    long tokens = 0;
    for (Sequence sequence : sequences) {
      boolean samePrompt =
          !batch.isEmpty() && Arrays.equals(batch.get(batch.size() - 1).prompt, sequence.prompt);
      long added = samePrompt ? sequence.completion.length : sequence.length();
      if (batch.size() >= rows && !(samePrompt && tokens + added <= most)) {
        batches.add(batch);
        batch = new ArrayList<>();
        tokens = 0;
        added = sequence.length();
      }
      batch.add(sequence);
      tokens += added;
    }
    if (!batch.isEmpty()) {
      batches.add(batch);
    }
    return batches;
  }

  /** A completion of a prompt, both as tokens. */
  record Sequence(int[] prompt, int[] completion) implements Serializable {
    int length() {
      return prompt.length + completion.length;
    }

    static Sequence of(Generation generation) {
      return new Sequence(generation.prompt().tokens(), generation.tokens());
    }

    PolicyBatch.Row row() {
      return new PolicyBatch.Row(prompt, completion, 0, false, Optional.empty(), Optional.empty());
    }
  }

  private record Score(TrainedModel model, SharedVector parameters, float temperature)
      implements Work<List<List<Sequence>>, float[][]> {
    @Override
    public String verb() {
      return "compute log-probabilities";
    }

    @Override
    public float[][] run(List<List<Sequence>> batches) {
      List<float[]> all = new ArrayList<>();
      try (ExecutorModel here = ExecutorModel.of(model)) {
        for (List<Sequence> batch : batches) {
          PolicyBatch packed = PolicyBatch.of(batch.stream().map(Sequence::row).toList());
          float[] joined = here.logProbs(parameters.floats(), packed.packed(), temperature);
          int from = 0;
          for (Sequence sequence : batch) {
            all.add(Arrays.copyOfRange(joined, from, from + sequence.completion.length));
            from += sequence.completion.length;
          }
        }
      }
      return all.toArray(float[][]::new);
    }
  }
}
