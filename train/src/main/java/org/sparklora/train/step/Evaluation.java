package org.sparklora.train.step;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.sparklora.train.EvalMetrics;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/**
 * Measures the driver's parameters on rows that are not trained on. Each worker takes consecutive
 * batches; measurements are added up in the order of the batches, so the result does not depend on
 * the number of workers.
 *
 * @param workers run the evaluation, and nothing else meanwhile
 * @param rows at least one
 * @param batchRows {@code per_device_eval_batch_size}
 */
public record Evaluation(
    Workers workers, TrainedVectors vectors, TrainingRows rows, int batchRows) {

  public EvalMetrics run(int step) {
    int count = rows.count();
    workers.during("step " + step);
    List<int[]> batches = new ArrayList<>();
    for (int from = 0; from < count; from += batchRows) {
      batches.add(IntStream.range(from, Math.min(from + batchRows, count)).toArray());
    }
    List<StepMetrics> measured = new ArrayList<>();
    try (SharedVector parameters = workers.lend(vectors.vector())) {
      workers.forEach(
          "evaluate %s rows".formatted(count),
          workers.shares(batches),
          new Evaluate(vectors.model(), rows, parameters),
          measured::addAll);
    }
    return EvalMetrics.of(measured, batches.stream().mapToInt(batch -> batch.length).toArray());
  }

  private record Evaluate(TrainedModel model, TrainingRows rows, SharedVector parameters)
      implements Workers.Work<List<int[]>, List<StepMetrics>> {
    @Override
    public List<StepMetrics> run(List<int[]> batches) {
      try (ExecutorModel here = ExecutorModel.of(model)) {
        return batches.stream()
            .map(batch -> here.evaluate(batch, rows, parameters.vector()))
            .toList();
      }
    }
  }
}
