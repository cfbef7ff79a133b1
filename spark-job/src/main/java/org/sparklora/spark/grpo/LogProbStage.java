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
 * Log-probabilities of tokens that were drawn, as training computes them.
 *
 * @param rows completions that are computed together: as many as in a micro-batch, whoever computes
 *     them, since the number rounds
 */
record LogProbStage(Workers workers, TrainedModel model, float temperature, int rows) {

  /** One a token, of each completion. */
  List<float[]> run(SharedVector parameters, List<Generation> generations) {
    List<List<Sequence>> batches = new ArrayList<>();
    for (int from = 0; from < generations.size(); from += rows) {
      int to = Math.min(from + rows, generations.size());
      batches.add(generations.subList(from, to).stream().map(Sequence::of).toList());
    }
    List<float[]> all = new ArrayList<>();
    workers.forEach(
        workers.shares(batches),
        new Score(model, parameters, temperature),
        part -> all.addAll(Arrays.asList(part)));
    return all;
  }

  private record Sequence(int[] prompt, int[] completion) implements Serializable {
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
