package org.sparklora.train.step;

import java.util.List;
import java.util.OptionalDouble;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/**
 * {@code --sync gradients}: executors return gradients summed over their tokens, and the driver
 * takes one optimizer step.
 *
 * <p>Neither the global batch nor the result depends on the number of workers: exactly in local
 * mode, where all add to one gradient in turn; up to float32 rounding on a cluster, where each
 * worker adds up its own first. With the same number of workers the result is repeatable.
 */
public record SummedGradients(Workers workers, TrainedVectors vectors, TrainingRows rows)
    implements Synchronizer {
  @Override
  public int stepsPerRound() {
    return 1;
  }

  @Override
  public RoundReport train(List<List<StepRows>> ofWorkers) {
    List<StepRows> shares = ofWorkers.stream().flatMap(List::stream).toList();
    int step = shares.get(0).step();
    workers.during("step " + (step + 1));
    List<StepMetrics> measured;
    try (SharedVector parameters = workers.lend(vectors.vector())) {
      measured =
          workers.addUp(
              "add %s gradients".formatted(shares.size()),
              shares,
              new AddGradients(vectors.model(), rows, parameters),
              vectors.beginGradient());
    }
    StepMetrics sum = StepMetrics.sum(measured);
    double norm = vectors.update(step, vectors.engine(workers));
    return new RoundReport(
        List.of(sum.withGradNorm(norm)), OptionalDouble.empty(), workers.takeUse());
  }

  private record AddGradients(TrainedModel model, TrainingRows rows, SharedVector parameters)
      implements Workers.Adding<StepRows, StepMetrics> {
    @Override
    public StepMetrics add(StepRows step, FlatVector gradient) {
      try (ExecutorModel here = ExecutorModel.of(model)) {
        return here.begin(step, rows, parameters.vector(), gradient).await();
      }
    }
  }
}
