package org.sparklora.spark.grpo;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
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
 * Log-probabilities of tokens that were drawn, as training computes them. A prompt's completions
 * are computed together, so that the prompt is computed once, as far as a micro-batch's memory
 * allows: no matter who computes them, since who is computed together decides how sums round.
 *
 * @param rows completions of a micro-batch
 */
record LogProbStage(Workers workers, TrainedModel model, float temperature, int rows) {

  /** One a token, of each completion. */
  List<float[]> run(SharedVector parameters, List<Generation> generations) {
    List<float[]> all = new ArrayList<>();
    workers.forEach(
        workers.shares(batches(generations.stream().map(Sequence::of).toList(), rows)),
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
    public float[][] run(List<List<Sequence>> batches) {
      List<float[]> all = new ArrayList<>();
      for (List<Sequence> batch : batches) {
        PolicyBatch packed = PolicyBatch.of(batch.stream().map(Sequence::row).toList());
        float[] joined =
            ExecutorModel.of(model).logProbs(parameters.floats(), packed.packed(), temperature);
        int from = 0;
        for (Sequence sequence : batch) {
          all.add(Arrays.copyOfRange(joined, from, from + sequence.completion.length));
          from += sequence.completion.length;
        }
      }
      return all.toArray(float[][]::new);
    }
  }
}
